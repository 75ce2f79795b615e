package main

import (
	"encoding/json"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/builder3"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	generated "k8s.io/kubernetes/pkg/generated/openapi"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// strategic merges a patch into an object, both as they are written.
func strategic(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	like, err := scheme.New(kind)
	if err != nil {
		return nil, err
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(like)
	if err != nil {
		return nil, err
	}
	var object, patch map[string]any
	if err := utiljson.Unmarshal(q.Object, &object); err != nil {
		return nil, err
	}
	if err := utiljson.Unmarshal(q.Patch, &patch); err != nil {
		return nil, err
	}
	return strategicpatch.StrategicMergeMapPatchUsingLookupPatchMeta(object, patch, meta)
}

// step is a write by a manager: an object that is applied, or one that replaces.
type step struct {
	Manager string          `json:"manager"`
	Apply   bool            `json:"apply"`
	Force   bool            `json:"force"`
	Object  json.RawMessage `json:"object"`
}

// types is the schema of all kinds, as an API server builds it.
var types = sync.OnceValues(func() (managedfields.TypeConverter, error) {
	namer := openapi.NewDefinitionNamer(scheme)
	config := genericapiserver.DefaultOpenAPIV3Config(generated.GetOpenAPIDefinitions, namer)
	var names []string
	for kind := range scheme.AllKnownTypes() {
		if kind.Version == runtime.APIVersionInternal {
			continue
		}
		if strategies[kind.GroupKind()] == nil {
			continue
		}
		object, err := scheme.New(kind)
		if err != nil {
			return nil, err
		}
		names = append(names, openapiutil.GetCanonicalTypeName(object))
	}
	models, err := builder3.BuildOpenAPIDefinitionsForResources(config, names...)
	if err != nil {
		return nil, err
	}
	return managedfields.NewTypeConverter(models, false)
})

var managers = map[schema.GroupVersionKind]*managedfields.FieldManager{}

func managerOf(kind schema.GroupVersionKind) (*managedfields.FieldManager, error) {
	if known, is := managers[kind]; is {
		return known, nil
	}
	converter, err := types()
	if err != nil {
		return nil, err
	}
	var reset map[fieldpath.APIVersion]fieldpath.Filter
	if resetting, is := strategies[kind.GroupKind()].(interface {
		GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set
	}); is {
		reset = fieldpath.NewExcludeFilterSetMap(resetting.GetResetFields())
	}
	manager, err := managedfields.NewDefaultFieldManager(converter, runtime.UnsafeObjectConvertor(scheme), scheme, scheme, kind, hubOf(kind), "", reset)
	if err != nil {
		return nil, err
	}
	managers[kind] = manager
	return manager, nil
}

// outcome is an object after a step, or why the step was refused.
type outcome struct {
	Object any    `json:"object,omitempty"`
	Error  string `json:"error,omitempty"`
}

// applied follows an object through the writes of its managers. A step that is refused changes nothing.
func applied(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	manager, err := managerOf(kind)
	if err != nil {
		return nil, err
	}
	// What is not there yet is a new object of the version, not of the one without a name.
	live, err := scheme.New(kind)
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, 0, len(q.Steps))
	for _, s := range q.Steps {
		next, err := after(manager, kind, live, s)
		if err != nil {
			outcomes = append(outcomes, outcome{Error: err.Error()})
			continue
		}
		shown, err := external(kind, next)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, outcome{Object: shown})
		live = next
	}
	return outcomes, nil
}

func after(manager *managedfields.FieldManager, kind schema.GroupVersionKind, live runtime.Object, s step) (runtime.Object, error) {
	if !s.Apply {
		object, err := internal(kind, s.Object)
		if err != nil {
			return nil, err
		}
		return manager.UpdateNoErrors(live, object, s.Manager), nil
	}
	config := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(s.Object, &config.Object); err != nil {
		return nil, err
	}
	return manager.Apply(live, config, s.Manager, s.Force)
}
