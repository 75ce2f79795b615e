//! Storage.

table! {
CLAIM_TO_DEFAULT_CLASS "MU5001" "claim-goes-to-default-class" Error []
    "claim and volume are tied only by size and mode";
    "Without a class the claim gets the cluster's default class, which provisions an empty volume; the one in the file stays unused.";
NFS_DATABASE "MU5002" "database-on-nfs" Warning []
    "a database keeps its files on NFS";
    "Locks and fsync over NFS are not what a database expects: stale locks after a node is lost, and corrupted tables.";
SHARED_DATA_DIRECTORY "MU5003" "shared-data-directory" Error []
    "several database pods share one data directory";
    "Two servers on the same files destroy them, or the second one refuses to start.";
RECLAIM_DELETE "MU5004" "reclaim-delete" Warning []
    "deleting the claim deletes the data";
    "With reclaim policy Delete the volume goes with its claim, for instance when a namespace is deleted.";
RECLAIM_IMPLICIT "MU5005" "reclaim-implicit" Info []
    "the reclaim policy is left to the default";
    "A PersistentVolume written by hand defaults to Retain, one provisioned by a class to the class's policy, which defaults to Delete.";
RWO_SHARED "MU5006" "single-node-volume-shared" Error []
    "several pods use a volume that attaches to one node";
    "Pods on a second node wait in ContainerCreating: Multi-Attach error.";
RWO_ROLLING "MU5007" "rolling-update-deadlock" Warning []
    "a rolling update with a volume that attaches to one node";
    "The new pod waits for the volume, the old one waits for the new pod: the rollout hangs.";
REMOVED_VOLUME "MU5008" "removed-volume-plugin" Error []
    "a volume plugin that Kubernetes no longer has";
    "The pod never starts: the kubelet does not know the plugin.";
EPHEMERAL_DATABASE "MU5009" "database-without-storage" Error []
    "a database without a persistent volume";
    "All data is gone when the pod is moved or restarted.";
CLAIM_WITHOUT_CLASS "MU5010" "claim-without-class" Info []
    "a claim that leaves the class to the cluster";
    "On a cluster without a default class it stays Pending.";
CLAIM_CANNOT_BIND "MU5011" "claim-cannot-bind" Error []
    "the claim cannot bind the volume that it names";
    "Class, size or access mode differ: the claim stays Pending.";
POSTGRES_MOUNT "MU5012" "postgres-mount" Warning []
    "PostgreSQL's data directory is the mount itself";
    "A new ext4 volume holds `lost+found`, and initdb refuses a directory that is not empty; images from 18 on refuse this mount.";
NFS_DELETE "MU5013" "nfs-delete" Error []
    "reclaim policy Delete on an in-tree NFS volume";
    "NFS has no deleter: the volume ends in phase Failed, and the data stays where it was.";
DATABASE_DEPLOYMENT "MU5014" "database-in-deployment" Info []
    "a database as a Deployment";
    "A StatefulSet gives it a stable name, its own claim, and never two pods at a time.";
CLAIM_REQUIRED "MU5015" "claim-shape" Error []
    "a claim or volume without access mode or size";
    "The API server refuses the object.";
SUBPATH_CONFIG "MU5016" "config-does-not-refresh" Info []
    "a ConfigMap or Secret mounted by subPath";
    "Such a file never changes in a running pod.";
MIGRATED_VOLUME "MU5017" "migrated-volume-plugin" Warning []
    "a volume plugin that only a CSI driver still serves";
    "Without the driver the pod never starts; name the driver, so that the file says what it needs.";
SEPARATE_DATABASES "MU5018" "separate-databases" Error []
    "several pods of a database that do not know each other";
    "Each is a database of its own, and the Service picks one at random: what was written is there or not.";
}
