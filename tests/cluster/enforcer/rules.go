package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	policy "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

type endpoint struct {
	*core.Pod
	address string
}

// All that rules are made of.
type world struct {
	pods       []endpoint
	namespaces map[string]labels.Set
	policies   []*policy.NetworkPolicy
}

// One direction of traffic: which address of a packet is the peer's, and what the rules of a policy in it are.
type direction struct {
	kind      policy.PolicyType
	own, peer string
	rules     func(*policy.NetworkPolicy) []rule
}

// An ingress or an egress rule.
type rule struct {
	peers []policy.NetworkPolicyPeer
	ports []policy.NetworkPolicyPort
}

var directions = []direction{
	{policy.PolicyTypeEgress, "saddr", "daddr", func(p *policy.NetworkPolicy) (rules []rule) {
		for _, r := range p.Spec.Egress {
			rules = append(rules, rule{r.To, r.Ports})
		}
		return
	}},
	{policy.PolicyTypeIngress, "daddr", "saddr", func(p *policy.NetworkPolicy) (rules []rule) {
		for _, r := range p.Spec.Ingress {
			rules = append(rules, rule{r.From, r.Ports})
		}
		return
	}},
}

// The table for a node, as text for nft: it replaces the one before. Packets are judged after kube-proxy has put a pod's
// address in the place of a Service's. What the node itself sends or gets, such as the kubelet's probes, is not forwarded
// and so not judged, as upstream wants it.
func ruleset(node string, w world) string {
	slices.SortFunc(w.pods, func(a, b endpoint) int { return strings.Compare(a.address, b.address) })
	slices.SortFunc(w.policies, func(a, b *policy.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	var chains, base strings.Builder
	for _, way := range directions {
		var jumps []string
		for _, pod := range w.pods {
			if pod.Spec.NodeName != node {
				continue
			}
			if body, isolated := chain(pod, way, w); isolated {
				name := fmt.Sprintf("%s-%s", strings.ToLower(string(way.kind)), strings.ReplaceAll(pod.address, ".", "-"))
				// A pod always reaches itself.
				fmt.Fprintf(&chains, "\tchain %s { # %s/%s\n\t\tip %s %s return\n%s\t\tdrop\n\t}\n", name, pod.Namespace, pod.Name, way.peer, pod.address, body)
				jumps = append(jumps, fmt.Sprintf("%s : jump %s", pod.address, name))
			}
		}
		if len(jumps) > 0 {
			fmt.Fprintf(&base, "\t\tip %s vmap { %s }\n", way.own, strings.Join(jumps, ", "))
		}
	}
	return "table ip enforcer\ndelete table ip enforcer\ntable ip enforcer {\n" + chains.String() +
		"\tchain forward {\n\t\ttype filter hook forward priority filter\n\t\tct state established,related accept\n" + base.String() + "\t}\n}\n"
}

// What the policies let through to or from a pod, one line for each way; whether any policy is about it.
func chain(pod endpoint, way direction, w world) (body string, isolated bool) {
	for _, p := range w.policies {
		if p.Namespace != pod.Namespace || !slices.Contains(concerns(p), way.kind) || !matches(&p.Spec.PodSelector, pod.Labels) {
			continue
		}
		isolated = true
		for _, r := range way.rules(p) {
			for _, match := range r.matches(p.Namespace, pod, way, w) {
				body += fmt.Sprintf("\t\t%s return # %s\n", match, p.Name)
			}
		}
	}
	return
}

// The API server fills this in, except for the objects of old.
func concerns(p *policy.NetworkPolicy) []policy.PolicyType {
	switch {
	case len(p.Spec.PolicyTypes) > 0:
		return p.Spec.PolicyTypes
	case len(p.Spec.Egress) > 0:
		return []policy.PolicyType{policy.PolicyTypeIngress, policy.PolicyTypeEgress}
	}
	return []policy.PolicyType{policy.PolicyTypeIngress}
}

func matches(selector *meta.LabelSelector, set labels.Set) bool {
	s, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(set)
}

// Every peer with every port, as matches of nft.
func (r rule) matches(home string, pod endpoint, way direction, w world) (all []string) {
	if len(r.ports) == 0 {
		return r.addresses(home, way, w)
	}
	for _, port := range r.ports {
		protocol := strings.ToLower(string(core.ProtocolTCP))
		if port.Protocol != nil {
			protocol = strings.ToLower(string(*port.Protocol))
		}
		if port.Port != nil && port.Port.StrVal != "" {
			all = append(all, r.named(port.Port.StrVal, protocol, home, pod, way, w)...)
			continue
		}
		match := "meta l4proto " + protocol
		if port.Port != nil && port.EndPort != nil {
			match = fmt.Sprintf("%s dport %d-%d", protocol, port.Port.IntVal, *port.EndPort)
		} else if port.Port != nil {
			match = fmt.Sprintf("%s dport %d", protocol, port.Port.IntVal)
		}
		for _, peer := range r.addresses(home, way, w) {
			all = append(all, strings.TrimSpace(peer+" "+match))
		}
	}
	return
}

// A name means the number that the destination gives it.
func (r rule) named(name, protocol, home string, pod endpoint, way direction, w world) (all []string) {
	if way.kind == policy.PolicyTypeIngress {
		for _, number := range numbers(pod, name, protocol) {
			for _, peer := range r.addresses(home, way, w) {
				all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s dport %d", peer, protocol, number)))
			}
		}
		return
	}
	for _, other := range w.pods {
		for _, number := range numbers(other, name, protocol) {
			if len(r.peers) == 0 || slices.ContainsFunc(r.peers, func(p policy.NetworkPolicyPeer) bool { return is(p, home, other, w) }) {
				all = append(all, fmt.Sprintf("ip daddr %s %s dport %d", other.address, protocol, number))
			}
		}
	}
	return
}

func numbers(pod endpoint, name, protocol string) (numbers []int32) {
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && strings.EqualFold(string(port.Protocol), protocol) {
				numbers = append(numbers, port.ContainerPort)
			}
		}
	}
	return
}

// The peers of a rule as matches; one that is empty is everybody.
func (r rule) addresses(home string, way direction, w world) (all []string) {
	if len(r.peers) == 0 {
		return []string{"ip " + way.peer + " 0.0.0.0/0"}
	}
	for _, peer := range r.peers {
		if peer.IPBlock != nil {
			all = append(all, block(peer.IPBlock, way)...)
			continue
		}
		var found []string
		for _, pod := range w.pods {
			if is(peer, home, pod, w) {
				found = append(found, pod.address)
			}
		}
		if len(found) > 0 {
			all = append(all, fmt.Sprintf("ip %s { %s }", way.peer, strings.Join(found, ", ")))
		}
	}
	return
}

// This cluster has no IPv6.
func block(b *policy.IPBlock, way direction) []string {
	prefix, err := netip.ParsePrefix(b.CIDR)
	if err != nil || !prefix.Addr().Is4() {
		return nil
	}
	match := fmt.Sprintf("ip %s %s", way.peer, prefix.Masked())
	for _, except := range b.Except {
		if prefix, err := netip.ParsePrefix(except); err == nil {
			match += fmt.Sprintf(" ip %s != %s", way.peer, prefix.Masked())
		}
	}
	return []string{match}
}

func is(peer policy.NetworkPolicyPeer, home string, pod endpoint, w world) bool {
	if peer.IPBlock != nil {
		address, err := netip.ParseAddr(pod.address)
		holds := func(cidr string) bool {
			prefix, bad := netip.ParsePrefix(cidr)
			return bad == nil && prefix.Contains(address)
		}
		return err == nil && holds(peer.IPBlock.CIDR) && !slices.ContainsFunc(peer.IPBlock.Except, holds)
	}
	if peer.NamespaceSelector == nil && pod.Namespace != home {
		return false
	}
	if peer.NamespaceSelector != nil && !matches(peer.NamespaceSelector, w.namespaces[pod.Namespace]) {
		return false
	}
	return peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)
}
