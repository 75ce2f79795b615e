package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/event"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/node"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/csinode"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattachment"
)

// strategy is what a kind's storage asks before it stores.
type strategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
}

var strategies = map[schema.GroupKind]strategy{
	{Group: "", Kind: "ConfigMap"}:                                   configmap.Strategy,
	{Group: "", Kind: "Secret"}:                                      secret.Strategy,
	{Group: "", Kind: "Pod"}:                                         pod.Strategy,
	{Group: "", Kind: "Service"}:                                     service.Strategy,
	{Group: "", Kind: "Namespace"}:                                   namespace.Strategy,
	{Group: "", Kind: "Node"}:                                        node.Strategy,
	{Group: "", Kind: "PersistentVolume"}:                            persistentvolume.Strategy,
	{Group: "", Kind: "PersistentVolumeClaim"}:                       persistentvolumeclaim.Strategy,
	{Group: "", Kind: "PodTemplate"}:                                 podtemplate.Strategy,
	{Group: "", Kind: "ReplicationController"}:                       replicationcontroller.Strategy,
	{Group: "", Kind: "ResourceQuota"}:                               resourcequota.Strategy,
	{Group: "", Kind: "LimitRange"}:                                  limitrange.Strategy,
	{Group: "", Kind: "ServiceAccount"}:                              serviceaccount.Strategy,
	{Group: "", Kind: "Endpoints"}:                                   endpoint.Strategy,
	{Group: "", Kind: "Event"}:                                       event.Strategy,
	{Group: "apps", Kind: "Deployment"}:                              deployment.Strategy,
	{Group: "apps", Kind: "ReplicaSet"}:                              replicaset.Strategy,
	{Group: "apps", Kind: "StatefulSet"}:                             statefulset.Strategy,
	{Group: "apps", Kind: "DaemonSet"}:                               daemonset.Strategy,
	{Group: "apps", Kind: "ControllerRevision"}:                      controllerrevision.Strategy,
	{Group: "batch", Kind: "Job"}:                                    job.Strategy,
	{Group: "batch", Kind: "CronJob"}:                                cronjob.Strategy,
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:          horizontalpodautoscaler.Strategy,
	{Group: "coordination.k8s.io", Kind: "Lease"}:                    lease.Strategy,
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:               endpointslice.Strategy,
	{Group: "networking.k8s.io", Kind: "Ingress"}:                    ingress.Strategy,
	{Group: "networking.k8s.io", Kind: "IngressClass"}:               ingressclass.Strategy,
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:              networkpolicy.Strategy,
	{Group: "policy", Kind: "PodDisruptionBudget"}:                   poddisruptionbudget.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:               role.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:        rolebinding.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:        clusterrole.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}: clusterrolebinding.Strategy,
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}:              priorityclass.Strategy,
	{Group: "storage.k8s.io", Kind: "StorageClass"}:                  storageclass.Strategy,
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                     csidriver.Strategy,
	{Group: "storage.k8s.io", Kind: "CSINode"}:                       csinode.Strategy,
	{Group: "storage.k8s.io", Kind: "VolumeAttachment"}:              volumeattachment.Strategy,
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                     runtimeclass.Strategy,
}

func init() {
	// As the servers of most clusters are started.
	capabilities.Setup(true, 0)
}

// asked is the context of a request for this object.
func asked(kind schema.GroupVersionKind, object runtime.Object) (context.Context, error) {
	about, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	ctx := request.WithNamespace(context.Background(), about.GetNamespace())
	mapping, _ := meta.UnsafeGuessKindToResource(kind)
	return request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true,
		APIGroup:          kind.Group,
		APIVersion:        kind.Version,
		Resource:          mapping.Resource,
		Namespace:         about.GetNamespace(),
		Name:              about.GetName(),
	}), nil
}

func strategyOf(kind schema.GroupVersionKind) (strategy, error) {
	if known, is := strategies[kind.GroupKind()]; is {
		return known, nil
	}
	return nil, fmt.Errorf("no strategy for %v", kind)
}

// created judges a new object, and gives what would be stored.
func created(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	object, err := internal(kind, q.Object)
	if err != nil {
		return nil, err
	}
	return create(kind, object)
}

func create(kind schema.GroupVersionKind, object runtime.Object) (any, error) {
	strategy, err := strategyOf(kind)
	if err != nil {
		return nil, err
	}
	ctx, err := asked(kind, object)
	if err != nil {
		return nil, err
	}
	about, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	about.SetUID("6f1d2a0e-7d38-4c2b-9d0c-000000000001")
	about.SetCreationTimestamp(v1.Unix(1700000000, 0))
	if err := rest.BeforeCreate(strategy, ctx, object); err != nil {
		return nil, err
	}
	return external(kind, object)
}

// updated judges an object that replaces another one; the old one is taken as it is after its creation.
func updated(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	old, err := internal(kind, q.Old)
	if err != nil {
		return nil, err
	}
	if _, err := create(kind, old); err != nil {
		return nil, fmt.Errorf("the old one: %w", err)
	}
	object, err := internal(kind, q.Object)
	if err != nil {
		return nil, err
	}
	strategy, err := strategyOf(kind)
	if err != nil {
		return nil, err
	}
	ctx, err := asked(kind, object)
	if err != nil {
		return nil, err
	}
	before, err := meta.Accessor(old)
	if err != nil {
		return nil, err
	}
	before.SetResourceVersion("1")
	about, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	about.SetResourceVersion("1")
	if err := rest.BeforeUpdate(strategy, ctx, object, old); err != nil {
		return nil, err
	}
	return external(kind, object)
}
