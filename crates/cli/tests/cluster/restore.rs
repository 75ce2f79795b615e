//! A backup, and its restore into a fresh claim: the same rows.

use crate::kit::{Load, Shop, within};
use std::time::Duration;

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_backup_restores_into_a_fresh_claim() {
    let shop = Shop::serving();
    let load = Load::start(&shop, 4, Duration::from_millis(20));
    std::thread::sleep(Duration::from_secs(2));
    load.stop().nothing_lost(&shop);

    let ns = Shop::NAMESPACE;
    // The worker changes orders until all are done.
    within(Duration::from_mins(1), "the worker is through", || {
        (shop.sql("SELECT COUNT(*) FROM orders WHERE state = 'new'").trim() == "0").then_some(())
    });
    let rows = shop.sql("SELECT * FROM orders ORDER BY id");
    shop.place.try_kubectl(&[
        "delete",
        "job/backup-of-a-test",
        "pod/restored",
        "pvc/restored",
        "-n",
        ns,
        "--ignore-not-found",
    ]);
    shop.place.kubectl(&[
        "create",
        "job",
        "backup-of-a-test",
        "-n",
        ns,
        "--from=cronjob/db-backup",
    ]);
    shop.place.kubectl(&[
        "wait",
        "job/backup-of-a-test",
        "-n",
        ns,
        "--for=condition=Complete",
        "--timeout=120s",
    ]);

    shop.place.apply(FRESH);
    shop.place.kubectl(&[
        "wait",
        "pod/restored",
        "-n",
        ns,
        "--for=condition=Ready",
        "--timeout=120s",
    ]);
    let inside = |script: &str| {
        shop.place.kubectl(&["exec", "-n", ns, "restored", "--", "sh", "-c", script])
    };
    inside(
        "set -e; file=$(ls /backup/db-*.gz | tail -1); gunzip -c $file | mariadb -u root -p$(cat /run/secrets/db-root-password)",
    );
    let restored = inside(
        r#"mariadb -N -u root -p$(cat /run/secrets/db-root-password) shop -e "SELECT * FROM orders ORDER BY id""#,
    );
    println!("backup and restore: {} rows", rows.lines().count());
    assert!(rows.lines().count() > 20, "there is something to compare");
    assert_eq!(rows, restored);
    shop.place.kubectl(&[
        "delete",
        "job/backup-of-a-test",
        "pod/restored",
        "pvc/restored",
        "-n",
        ns,
        "--wait=false",
    ]);
}

/// A database of its own on an empty claim, which sees the backups.
const FRESH: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: restored, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: restored, namespace: shop}
spec:
  securityContext: {runAsUser: 999, runAsGroup: 999, fsGroup: 999, runAsNonRoot: true, supplementalGroups: [10001], seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: db
      image: local/shop-db:1.0.0
      env:
        - {name: MARIADB_DATABASE, value: shop}
        - {name: MARIADB_ROOT_PASSWORD_FILE, value: /run/secrets/db-root-password}
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      readinessProbe: {exec: {command: [healthcheck.sh, --connect, --innodb_initialized]}, periodSeconds: 2}
      volumeMounts:
        - {name: data, mountPath: /var/lib/mysql}
        - {name: backup, mountPath: /backup, readOnly: true}
        - {name: run, mountPath: /run/mysqld}
        - {name: secret, mountPath: /run/secrets, readOnly: true}
  volumes:
    - {name: data, persistentVolumeClaim: {claimName: restored}}
    - {name: backup, persistentVolumeClaim: {claimName: db-backup}}
    - {name: run, emptyDir: {}}
    - {name: secret, secret: {secretName: db-root-password}}
";
