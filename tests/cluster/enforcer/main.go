// enforcer applies NetworkPolicies on one node, independently of everything else in this repository.
//
//	enforcer agent NODE KUBECONFIG   watches the cluster and keeps this network namespace's nftables as the policies say
//	enforcer                         as a CNI plugin behind the one that connects the pod: waits until the agent has its rules
//
// No container of a pod runs before the second has returned, so no pod is ever open for a moment.
package main

import (
	"log"
	"os"
)

const socket = "/run/enforcer.sock"

func main() {
	if command := os.Getenv("CNI_COMMAND"); command != "" {
		plugin(command)
		return
	}
	if len(os.Args) != 4 || os.Args[1] != "agent" {
		log.Fatal("usage: enforcer agent NODE KUBECONFIG")
	}
	log.Fatal(agent(os.Args[2], os.Args[3]))
}
