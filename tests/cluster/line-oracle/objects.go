package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
)

var scheme = legacyscheme.Scheme

// kindOf reads "apps/v1/Deployment" or "v1/Pod".
func kindOf(text string) (schema.GroupVersionKind, error) {
	at := strings.LastIndexByte(text, '/')
	if at < 0 {
		return schema.GroupVersionKind{}, fmt.Errorf("%q is no kind", text)
	}
	version, err := schema.ParseGroupVersion(text[:at])
	return version.WithKind(text[at+1:]), err
}

// versioned reads an object of the kind as it is sent, without defaults.
func versioned(kind schema.GroupVersionKind, text json.RawMessage) (runtime.Object, error) {
	object, err := scheme.New(kind)
	if err != nil {
		return nil, err
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, object); err != nil {
			return nil, err
		}
	}
	object.GetObjectKind().SetGroupVersionKind(kind)
	return object, nil
}

// internal reads an object as an API server does: with defaults, in the version without a name.
func internal(kind schema.GroupVersionKind, text json.RawMessage) (runtime.Object, error) {
	object, err := versioned(kind, text)
	if err != nil {
		return nil, err
	}
	scheme.Default(object)
	return scheme.ConvertToVersion(object, hubOf(kind))
}

func hubOf(kind schema.GroupVersionKind) schema.GroupVersion {
	return schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal}
}

// external gives an object as it is sent.
func external(kind schema.GroupVersionKind, object runtime.Object) (runtime.Object, error) {
	converted, err := scheme.ConvertToVersion(object, kind.GroupVersion())
	if err != nil {
		return nil, err
	}
	converted.GetObjectKind().SetGroupVersionKind(kind)
	return converted, nil
}

// defaulted gives an object as an API server shows it after it was read.
func defaulted(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	object, err := internal(kind, q.Object)
	if err != nil {
		return nil, err
	}
	return external(kind, object)
}
