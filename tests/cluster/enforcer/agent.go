package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networking "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// The kubelet writes an address into a pod's status a second or two after its first container has started; after a reboot
// the old one stands there until then. Peers on other nodes must know it before, so it is written here when the pod is
// connected.
const addressNote = "enforcer.muster.dev/address"

type enforcer struct {
	node       string
	client     kubernetes.Interface
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networking.NetworkPolicyLister

	mutex sync.Mutex
	// Of this node's pods, by uid: what the plugin said.
	addresses map[types.UID]string
	applied   string
}

func agent(node, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	e := &enforcer{node: node, client: client, pods: pods.Lister(), namespaces: namespaces.Lister(), policies: policies.Lister(),
		addresses: map[types.UID]string{}}

	changed := make(chan struct{}, 1)
	signal := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { signal() }, UpdateFunc: func(any, any) { signal() }, DeleteFunc: func(any) { signal() }}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	// A watch that fails waits longer and longer before it tries again; the cluster is only just starting.
	for _, err := client.Discovery().ServerVersion(); err != nil; _, err = client.Discovery().ServerVersion() {
		time.Sleep(50 * time.Millisecond)
	}
	factory.Start(nil)
	factory.WaitForCacheSync(nil)

	os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	go e.serve(listener)
	for range changed {
		if err := e.program(); err != nil {
			log.Print(err)
			time.AfterFunc(time.Second, signal)
		}
		// What comes at once is programmed at once.
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

func (e *enforcer) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer connection.Close()
			var who arrival
			err := json.NewDecoder(connection).Decode(&who)
			if err == nil {
				err = e.admit(who)
			}
			answer := ""
			if err != nil {
				answer = err.Error()
				log.Print(answer)
			}
			json.NewEncoder(connection).Encode(answer)
		}()
	}
}

// Programs the rules of a pod that has just been connected.
func (e *enforcer) admit(who arrival) error {
	pod, err := e.await(types.UID(who.UID))
	if err != nil {
		return err
	}
	if err := e.note(pod, who.Address); err != nil {
		return err
	}
	e.mutex.Lock()
	e.addresses[pod.UID] = who.Address
	e.mutex.Unlock()
	return e.program()
}

// The kubelet may have seen the pod before we have.
func (e *enforcer) await(uid types.UID) (*core.Pod, error) {
	for end := time.Now().Add(patience / 2); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		pods, _ := e.pods.List(labels.Everything())
		for _, pod := range pods {
			// A static pod's uid is its mirror's annotation.
			if pod.UID == uid || pod.Annotations["kubernetes.io/config.mirror"] == string(uid) {
				return pod, nil
			}
		}
	}
	return nil, fmt.Errorf("no pod has the uid %q", uid)
}

func (e *enforcer) note(pod *core.Pod, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	patch := fmt.Sprintf(`{"metadata":{"uid":%q,"annotations":{%q:%q}}}`, pod.UID, addressNote, address)
	_, err := e.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, []byte(patch), meta.PatchOptions{})
	return err
}

// Makes the kernel's rules what they should be now, in one transaction.
func (e *enforcer) program() error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	world, err := e.world()
	if err != nil {
		return err
	}
	rules := ruleset(e.node, world)
	if rules == e.applied {
		return nil
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(rules)
	if output, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s\n%s", err, output, rules)
	}
	e.applied = rules
	return nil
}

func (e *enforcer) world() (world, error) {
	var w world
	var err error
	if w.policies, err = e.policies.List(labels.Everything()); err != nil {
		return w, err
	}
	namespaces, err := e.namespaces.List(labels.Everything())
	if err != nil {
		return w, err
	}
	w.namespaces = map[string]labels.Set{}
	for _, namespace := range namespaces {
		w.namespaces[namespace.Name] = namespace.Labels
	}
	pods, err := e.pods.List(labels.Everything())
	if err != nil {
		return w, err
	}
	here := map[types.UID]string{}
	for _, pod := range pods {
		if address, known := e.addresses[pod.UID]; known {
			here[pod.UID] = address
		}
		if address := address(pod, here[pod.UID]); address != "" {
			w.pods = append(w.pods, endpoint{pod, address})
		}
	}
	e.addresses = here
	return w, nil
}

// None for pods that have no address of their own, or have it no more.
func address(pod *core.Pod, told string) string {
	over := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
	switch {
	case over || pod.Spec.HostNetwork:
		return ""
	case told != "":
		return told
	case pod.Annotations[addressNote] != "":
		return pod.Annotations[addressNote]
	}
	return pod.Status.PodIP
}
