#!/bin/sh
# The two tests of the official image's script that examples/shop asks for.
set -eu
query() { mariadb --defaults-file=/var/lib/mysql/.my-healthcheck.cnf --protocol=tcp --host=127.0.0.1 -Nse "$1"; }

for test in "$@"; do
  case $test in
    --connect) query 'SELECT 1' > /dev/null ;;
    --innodb_initialized)
      [ "$(query "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT')")" = 1 ]
      ;;
    *) echo "healthcheck.sh: no test $test" >&2; exit 2 ;;
  esac
done
