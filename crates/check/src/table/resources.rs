//! Resources and images.

table! {
NO_CPU_REQUEST "MU2001" "no-cpu-request" Warning ["CKV_K8S_10"]
    "no CPU request";
    "The scheduler counts the container as nothing, it starves first, and an HPA on CPU cannot work.";
NO_CPU_LIMIT "MU2002" "no-cpu-limit" Info ["CKV_K8S_11"]
    "no CPU limit";
    "It may take all idle CPU of the node. Many leave it out on purpose, as limits throttle: then waive it.";
NO_MEMORY_REQUEST "MU2003" "no-memory-request" Warning ["CKV_K8S_12"]
    "no memory request";
    "The scheduler overfills the node, and this pod is among the first to be evicted.";
NO_MEMORY_LIMIT "MU2004" "no-memory-limit" Warning ["CKV_K8S_13"]
    "no memory limit";
    "A leak takes the node's memory and with it other pods.";
REQUEST_ABOVE_LIMIT "MU2005" "request-above-limit" Error []
    "a request exceeds its limit";
    "The API server refuses the object.";
BAD_QUANTITY "MU2006" "invalid-quantity" Error []
    "a quantity cannot be read";
    "The API server refuses the object.";
TINY_MEMORY "MU2007" "tiny-memory" Error []
    "a memory quantity of less than a mebibyte";
    "`128m` is 0.128 bytes, not 128 megabytes: the container cannot start.";
FLOATING_TAG "MU2101" "floating-tag" Warning ["CKV_K8S_14"]
    "the image has no fixed tag";
    "Two pods of one Deployment can run different versions, and a rollback brings nothing back.";
PULL_POLICY "MU2102" "pull-policy" Info ["CKV_K8S_15"]
    "imagePullPolicy is not Always";
    "A node that holds an old image under the tag keeps using it. Harmless where tags never move.";
NO_DIGEST "MU2103" "no-digest" Info ["CKV_K8S_43"]
    "the image is not pinned by digest";
    "A tag can be moved; a digest cannot.";
NO_IMAGE "MU2104" "invalid-image" Error []
    "the image is missing or cannot be an image reference";
    "The container never starts: InvalidImageName.";
}
