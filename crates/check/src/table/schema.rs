//! The shape of objects.

table! {
NOT_AN_OBJECT "MU9001" "not-an-object" Error []
    "a document without apiVersion, kind or name";
    "kubectl refuses it.";
REMOVED_API "MU9002" "removed-api" Error []
    "an API version that the cluster no longer serves";
    "kubectl reports: no matches for kind.";
BAD_NAME "MU9003" "invalid-name" Error []
    "a name that is not allowed";
    "The API server refuses the object.";
BAD_LABEL "MU9004" "invalid-label" Error []
    "a label that is not allowed";
    "The API server refuses the object.";
UNKNOWN_FIELD "MU9005" "unknown-field" Error []
    "a field that does not exist";
    "kubectl refuses it; other tools drop it, and the setting is not made.";
DUPLICATE_NAME "MU9006" "duplicate-name" Error []
    "two containers, ports, volumes, mounts or variables of one name";
    "The API server refuses the object, or the later one wins.";
NOT_A_STRING "MU9007" "not-a-string" Error []
    "a number or boolean where a string must stand";
    "The API server refuses the object: quote the value.";
DEFAULT_NAMESPACE "MU9008" "default-namespace" Info ["CKV_K8S_21"]
    "no namespace, or `default`";
    "Objects of different applications mix, and neither rights nor quotas can be set apart.";
WRONG_API "MU9009" "wrong-api-version" Error []
    "a kind under an API version that never had it";
    "kubectl reports: no matches for kind.";
MISSING_FIELD "MU9010" "missing-field" Error []
    "a required field is missing";
    "The API server refuses the object.";
DEPRECATED_API "MU9011" "deprecated-api" Info []
    "an API that is deprecated";
    "It works today and warns; a later version removes it.";
BAD_VALUE "MU9012" "invalid-value" Error []
    "a value that the field does not take";
    "The API server refuses the object.";
PORT_NAME "MU9013" "invalid-port-name" Error []
    "a port name that is not allowed";
    "The API server refuses the object: 15 lower-case letters, digits and `-` at most, one letter at least.";
}
