//! Services, policies, routes.

table! {
DANGLING_SERVICE "MU7001" "dangling-service" Warning []
    "a Service selects no pod of the files";
    "It has no endpoints: every connection is refused.";
TARGET_PORT "MU7002" "target-port-missing" Warning []
    "a Service sends to a port that no container declares";
    "If nothing listens there, every connection is refused.";
TARGET_PORT_NAME "MU7003" "target-port-name-missing" Error []
    "a Service sends to a named port that no container has";
    "The Service has no endpoints for the port.";
DATABASE_EXPOSED "MU7004" "database-exposed" Error []
    "a database port is open to the outside";
    "Databases on public addresses are found and tried within hours.";
NO_NETWORK_POLICY "MU7005" "no-network-policy" Warning ["CKV2_K8S_6"]
    "no NetworkPolicy selects the pod";
    "Every pod of the cluster can connect to it, and it can connect to everything.";
POLICY_WITHOUT_DNS "MU7006" "policy-without-dns" Error []
    "egress is restricted and DNS forgotten";
    "The pod cannot resolve any name: connections fail after a timeout, whatever else is allowed.";
POLICY_SELECTS_NOTHING "MU7007" "policy-selects-nothing" Warning []
    "a NetworkPolicy selects no pod";
    "The pods it was meant for are open.";
BACKEND_SERVICE "MU7008" "route-to-missing-service" Warning []
    "a route leads to a Service that is not in the files";
    "If it is not in the cluster either, visitors get 503 or 500.";
BACKEND_PORT "MU7009" "route-to-missing-port" Error []
    "a route leads to a port that the Service does not have";
    "Visitors get 503 or 500.";
SERVICE_PORTS "MU7010" "service-ports" Error []
    "ports of a Service without names, twice, or out of range";
    "The API server refuses the object.";
NGINX_LUA "MU7011" "nginx-lua-snippet" Error ["CKV_K8S_152"]
    "an Ingress runs Lua in the controller";
    "It reads all Secrets that the controller can read (CVE-2021-25742).";
NGINX_SNIPPET "MU7012" "nginx-snippet" Warning ["CKV_K8S_153"]
    "an Ingress writes into the controller's configuration";
    "It can read all Secrets that the controller can read (CVE-2021-25742).";
NGINX_ALIAS "MU7013" "nginx-alias-snippet" Error ["CKV_K8S_154"]
    "an Ingress maps files of the controller";
    "It can serve the controller's token (CVE-2021-25742).";
SERVICE_LINKS "MU7014" "service-links" Info []
    "a Service name that collides with the application's own variables";
    "Kubernetes injects NAME_PORT=tcp://… for every Service; an application that expects a number there does not start.";
AMBIGUOUS_SERVICE "MU7015" "ambiguous-service" Warning []
    "a Service selects the pods of several workloads";
    "Requests go to one or the other at random.";
NODE_PORT "MU7016" "node-port" Info []
    "a Service opens a port on every node";
    "It bypasses the edge with its TLS and limits.";
INGRESS_NGINX "MU7017" "ingress-nginx" Info []
    "an Ingress for ingress-nginx";
    "The project ended in March 2026 and gets no more security fixes; Gateway API is the successor.";
INGRESS_TLS "MU7018" "ingress-without-tls" Warning []
    "an Ingress without TLS";
    "Passwords and cookies cross the network in the clear.";
POLICY_BLOCKS_ROUTE "MU7019" "policy-without-ingress-port" Info []
    "a NetworkPolicy does not allow the port that a Service sends to";
    "Connections time out although everything looks healthy.";
}
