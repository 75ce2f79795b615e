//! Pod Security and RBAC.

table! {
PRIVILEGED "MU1001" "privileged-container" Error ["CKV_K8S_16"]
    "a container is privileged";
    "A privileged container is root on the node: it sees every device and every other pod.";
HOST_PID "MU1002" "host-pid" Error ["CKV_K8S_17"]
    "a pod shares the node's process ids";
    "It can see and signal every process of the node, and read their environments.";
HOST_IPC "MU1003" "host-ipc" Error ["CKV_K8S_18"]
    "a pod shares the node's IPC namespace";
    "It can read the shared memory of other processes on the node.";
HOST_NETWORK "MU1004" "host-network" Error ["CKV_K8S_19"]
    "a pod uses the node's network";
    "NetworkPolicies do not apply to it, its ports collide with the node's, and it reaches the kubelet.";
PRIVILEGE_ESCALATION "MU1005" "privilege-escalation" Warning ["CKV_K8S_20"]
    "a container may gain privileges";
    "Without allowPrivilegeEscalation: false, a setuid program in the image makes a process root again.";
WRITABLE_ROOT "MU1006" "writable-root-filesystem" Warning ["CKV_K8S_22"]
    "the root filesystem is writable";
    "An intruder can replace programs, and files written there vanish with the container without notice.";
RUNS_AS_ROOT "MU1007" "may-run-as-root" Warning ["CKV_K8S_23"]
    "a container may run as root";
    "Root in the container is root on the node once anything lets it out.";
ADDED_CAPABILITIES "MU1008" "added-capabilities" Warning ["CKV_K8S_25"]
    "a container adds capabilities";
    "Every capability beyond the default is a piece of root.";
HOST_PORT "MU1009" "host-port" Warning ["CKV_K8S_26"]
    "a container binds a port of the node";
    "One pod per node at most, and NetworkPolicies are often bypassed.";
DOCKER_SOCKET "MU1010" "docker-socket" Error ["CKV_K8S_27"]
    "a pod mounts the Docker socket";
    "Whoever reaches the socket is root on the node. On clusters with containerd it does not exist.";
KEEPS_NET_RAW "MU1011" "keeps-net-raw" Warning ["CKV_K8S_28"]
    "a container keeps NET_RAW";
    "NET_RAW lets a process forge packets of other pods.";
NO_POD_SECURITY_CONTEXT "MU1012" "no-pod-security-context" Warning ["CKV_K8S_29"]
    "the pod has no securityContext";
    "User, group of volumes and seccomp profile are left to the image and the runtime.";
NO_CONTAINER_SECURITY_CONTEXT "MU1013" "no-container-security-context" Warning ["CKV_K8S_30"]
    "a container has no securityContext";
    "Privilege escalation and capabilities can only be limited per container.";
NO_SECCOMP "MU1014" "no-seccomp-profile" Warning ["CKV_K8S_31"]
    "no seccomp profile RuntimeDefault";
    "Without a profile every system call is open, and namespaces at level restricted refuse the pod.";
KEEPS_CAPABILITIES "MU1015" "keeps-capabilities" Warning ["CKV_K8S_37"]
    "a container does not drop ALL capabilities";
    "The default set is more than almost any application needs; level restricted demands drop: [ALL].";
SERVICE_ACCOUNT_TOKEN "MU1016" "service-account-token" Warning ["CKV_K8S_38"]
    "a service account token is mounted";
    "Applications that never talk to the API server still hand its token to whoever breaks in.";
SYS_ADMIN "MU1017" "sys-admin" Error ["CKV_K8S_39"]
    "a container adds SYS_ADMIN";
    "SYS_ADMIN is as good as root on the node.";
LOW_UID "MU1018" "low-user-id" Info ["CKV_K8S_40"]
    "the user id is below 10000, or not set";
    "A low id may be the id of a user of the node, who then owns what leaks out of the container.";
HOST_PATH "MU1019" "host-path" Warning []
    "a pod mounts a path of the node";
    "The data stays on one node, the pod can change the node, and level baseline refuses it.";
DASHBOARD "MU1020" "kubernetes-dashboard" Warning ["CKV_K8S_33"]
    "the Kubernetes dashboard is deployed";
    "It has been the way into many clusters; use a client on your own machine.";
TILLER "MU1021" "tiller" Error ["CKV_K8S_34"]
    "Tiller (Helm 2) is deployed";
    "Tiller is administrator of the cluster for whoever reaches its port. Helm 3 has none.";
TILLER_LISTENS "MU1022" "tiller-listens" Error ["CKV_K8S_45"]
    "Tiller listens beyond localhost";
    "Every pod of the cluster can give it orders.";
TILLER_SERVICE "MU1023" "tiller-service" Error ["CKV_K8S_44"]
    "a Service leads to Tiller";
    "Every pod of the cluster can give it orders.";
GIT_SYNC "MU1024" "git-sync-command" Warning ["CKV_K8S_159"]
    "GITSYNC_GIT names the program that git-sync runs";
    "Whoever sets the variable runs code in the pod.";
ROOT_CONTRADICTION "MU1025" "non-root-but-uid-zero" Error []
    "runAsNonRoot with user 0";
    "The kubelet refuses to start the container: CreateContainerConfigError.";
NAMESPACE_LEVEL "MU1026" "namespace-without-pod-security" Info []
    "a Namespace has no Pod Security level";
    "Without the label the namespace admits privileged pods.";
DEFAULT_ACCOUNT_TOKEN "MU1027" "default-account-token" Warning ["CKV_K8S_41"]
    "the default service account hands out tokens";
    "Every pod that names no account gets its token.";
DEFAULT_ACCOUNT_BOUND "MU1028" "default-account-bound" Warning ["CKV_K8S_42"]
    "a role is bound to the default service account";
    "Every pod of the namespace that names no account gets the role.";
UNSAFE_SYSCTL "MU1029" "unsafe-sysctl" Error []
    "a pod sets a kernel parameter that is not safe";
    "The kubelet refuses the pod (SysctlForbidden) unless the node allows it, and the setting reaches other pods.";
PROC_MOUNT "MU1030" "unmasked-proc" Warning []
    "a container sees the whole of /proc";
    "It can read and change what the runtime hides; level baseline refuses it.";
WILDCARD_ROLE "MU1101" "wildcard-role" Warning ["CKV_K8S_49"]
    "a role grants `*`";
    "It also grants what does not exist yet.";
WEBHOOK_ROLE "MU1102" "role-controls-webhooks" Warning ["CKV_K8S_155"]
    "a role may change admission webhooks";
    "A webhook sees and changes every object of the cluster, Secrets included.";
CSR_ROLE "MU1103" "role-approves-certificates" Warning ["CKV_K8S_156"]
    "a role may approve certificate requests";
    "It can issue itself a certificate of any user.";
BIND_ROLE "MU1104" "role-binds-roles" Warning ["CKV_K8S_157"]
    "a role may bind any role";
    "It can make itself administrator.";
ESCALATE_ROLE "MU1105" "role-escalates" Warning ["CKV_K8S_158"]
    "a role may escalate roles";
    "It can give itself any right.";
BOUND_BINDER "MU1106" "account-binds-roles" Warning ["CKV2_K8S_1"]
    "a service account or node may bind roles";
    "A stolen token makes its holder administrator.";
BOUND_EXEC "MU1107" "account-executes" Warning ["CKV2_K8S_2"]
    "a service account or node may create pods/exec or nodes/proxy";
    "A stolen token runs commands in other pods.";
BOUND_IMPERSONATOR "MU1108" "account-impersonates" Warning ["CKV2_K8S_3"]
    "a service account or node may impersonate";
    "A stolen token becomes any other user.";
BOUND_SERVICE_STATUS "MU1109" "account-changes-service-status" Warning ["CKV2_K8S_4"]
    "a service account or node may change services/status";
    "It can draw other Services' traffic to itself (CVE-2020-8554, which has no fix).";
BOUND_SECRETS "MU1110" "account-reads-all-secrets" Warning ["CKV2_K8S_5"]
    "a service account or node may read all Secrets";
    "A stolen token reads every password of the namespace or the cluster.";
BOUND_ADMIN "MU1111" "cluster-admin-bound" Warning []
    "something is bound to cluster-admin";
    "Whoever takes its token or key owns the cluster.";
}
