//! Secrets and configuration.

table! {
SECRET_AS_ENV "MU8001" "secret-as-env" Info ["CKV_K8S_35"]
    "a Secret as an environment variable";
    "Environments show up in crash reports and child processes; files do not. Where the image reads no file, waive it.";
WEAK_SECRET "MU8002" "weak-secret" Error []
    "a Secret holds a value that everybody guesses";
    "base64 is no encryption, and such a value is among the first that are tried.";
SECRET_IN_FILE "MU8003" "secret-in-file" Warning []
    "a Secret's values stand in the file";
    "base64 is no encryption: whoever reads the file or its history has the values.";
LITERAL_SECRET "MU8004" "secret-in-env" Error []
    "a secret is written into the environment";
    "Whoever may read the Deployment reads it, and it stays in every revision.";
CONFIG_MAP_SECRET "MU8005" "secret-in-config-map" Error []
    "a secret in a ConfigMap";
    "ConfigMaps are shown to everybody who may look at the namespace.";
DSN_PASSWORD "MU8006" "password-in-url" Error []
    "a URL that holds a password";
    "Whoever may read the object reads it, and URLs end up in logs.";
BAD_BASE64 "MU8007" "invalid-base64" Error []
    "a Secret value that is not base64";
    "The API server refuses the object.";
CONFIG_MAP_SIZE "MU8008" "config-map-too-big" Error []
    "more than 1 MiB of configuration";
    "The API server refuses the object.";
TRAILING_NEWLINE "MU8009" "secret-ends-in-newline" Warning []
    "a Secret value that ends in a line break";
    "The line break is part of the password: logins fail although it looks right. `echo -n` leaves it out.";
}
