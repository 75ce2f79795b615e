package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/decls"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemacel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	customvalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
)

var definitionScheme = func() *runtime.Scheme {
	known := runtime.NewScheme()
	if err := apiextensions.AddToScheme(known); err != nil {
		panic(err)
	}
	if err := apiextensionsv1.AddToScheme(known); err != nil {
		panic(err)
	}
	return known
}()

// defined judges a new definition of custom resources, and gives the warnings about it.
func defined(q *question) (any, error) {
	read := &apiextensionsv1.CustomResourceDefinition{}
	if err := json.Unmarshal(q.Object, read); err != nil {
		return nil, err
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(read)
	definition := &apiextensions.CustomResourceDefinition{}
	if err := definitionScheme.Convert(read, definition, nil); err != nil {
		return nil, err
	}
	strategy, ctx := customresourcedefinition.NewStrategy(definitionScheme), context.Background()
	strategy.PrepareForCreate(ctx, definition)
	if errs := strategy.Validate(ctx, definition); len(errs) > 0 {
		kind := apiextensions.Kind("CustomResourceDefinition")
		return nil, apierrors.NewInvalid(kind, definition.Name, errs)
	}
	return strategy.WarningsOnCreate(ctx, definition), nil
}

func structural(text json.RawMessage) (*apiextensions.JSONSchemaProps, *structuralschema.Structural, error) {
	read, props := &apiextensionsv1.JSONSchemaProps{}, &apiextensions.JSONSchemaProps{}
	if err := json.Unmarshal(text, read); err != nil {
		return nil, nil, err
	}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(read, props, nil); err != nil {
		return nil, nil, err
	}
	known, err := structuralschema.NewStructural(props)
	return props, known, err
}

// customised judges a custom object by its schema; as a change, if there is an old one.
func customised(q *question) (any, error) {
	props, known, err := structural(q.Schema)
	if err != nil {
		return nil, err
	}
	validator, _, err := customvalidation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	kind := schema.GroupVersionKind{Group: "example.dev", Version: "v1", Kind: "Thing"}
	strategy := customresource.NewStrategy(definitionScheme, false, kind, validator, nil, known, nil, nil, nil)
	object, old := &unstructured.Unstructured{}, &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(q.Object, &object.Object); err != nil {
		return nil, err
	}
	errs := strategy.Validate(context.Background(), object)
	if len(q.Old) > 0 {
		if err := utiljson.Unmarshal(q.Old, &old.Object); err != nil {
			return nil, err
		}
		errs = strategy.ValidateUpdate(context.Background(), object, old)
	}
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(kind.GroupKind(), object.GetName(), errs)
	}
	return "", nil
}

// reckoned is what an expression is, may cost, gives and has cost.
type reckoned struct {
	Issues string `json:"issues,omitempty"`
	Type   string `json:"type,omitempty"`
	Most   uint64 `json:"most"`
	Value  string `json:"value,omitempty"`
	Fault  string `json:"fault,omitempty"`
	Cost   uint64 `json:"cost"`
}

// celled reckons an expression over an object of a schema, which is `self`.
func celled(q *question) (any, error) {
	_, known, err := structural(q.Schema)
	if err != nil {
		return nil, err
	}
	decl := model.SchemaDeclType(known, true)
	if decl == nil {
		return nil, fmt.Errorf("no type")
	}
	decl = decl.MaybeAssignTypeName("selfType")
	set, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("self", decl.CelType())},
		DeclTypes:         []*apiservercel.DeclType{decl},
	})
	if err != nil {
		return nil, err
	}
	env := set.NewExpressionsEnv()
	ast, issues := env.Compile(q.Text)
	if issues != nil {
		return reckoned{Issues: issues.String()}, nil
	}
	answer := reckoned{Type: checker.FormatCELType(ast.OutputType())}
	estimate, err := env.EstimateCost(ast, &library.CostEstimator{SizeEstimator: &sizes{decl}})
	if err != nil {
		return nil, err
	}
	answer.Most = estimate.Max
	var object any
	if err := utiljson.Unmarshal(q.Object, &object); err != nil {
		return nil, err
	}
	program, err := env.Program(ast, cel.CostLimit(celconfig.PerCallLimit), cel.CostTracking(&library.CostEstimator{}))
	if err != nil {
		answer.Fault = err.Error()
		return answer, nil
	}
	value, details, err := program.Eval(map[string]any{"self": schemacel.UnstructuredToVal(object, model.WithTypeAndObjectMeta(known))})
	if details != nil && details.ActualCost() != nil {
		answer.Cost = *details.ActualCost()
	}
	if err != nil {
		answer.Fault = err.Error()
		return answer, nil
	}
	answer.Value = worded(value)
	return answer, nil
}

// sizes knows how large the parts of an object may be.
type sizes struct {
	root *apiservercel.DeclType
}

func (s *sizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	if len(element.Path()) == 0 {
		return nil
	}
	at := s.root
	for _, name := range element.Path()[1:] {
		switch name {
		case "@items", "@values":
			at = at.ElemType
		case "@keys":
			at = at.KeyType
		default:
			field, known := at.Fields[name]
			if !known {
				return nil
			}
			at = field.Type
		}
		if at == nil {
			return nil
		}
	}
	return &checker.SizeEstimate{Min: 0, Max: uint64(at.MaxElements)}
}

func (s *sizes) EstimateCallCost(_, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	return nil
}

// worded is a value in words that both sides can find.
func worded(value ref.Val) string {
	switch v := value.(type) {
	case celtypes.Bool, celtypes.Int:
		return fmt.Sprint(v)
	case celtypes.Uint:
		return fmt.Sprintf("%du", uint64(v))
	case celtypes.Double:
		return strconv.FormatFloat(float64(v), 'e', 12, 64)
	case celtypes.String:
		return strconv.Quote(string(v))
	case celtypes.Bytes:
		return fmt.Sprintf("b%x", []byte(v))
	case celtypes.Null:
		return "null"
	case celtypes.Duration:
		return fmt.Sprintf("duration %d", v.Duration.Nanoseconds())
	case celtypes.Timestamp:
		return fmt.Sprintf("timestamp %d", v.Time.Unix())
	case *celtypes.Optional:
		if !v.HasValue() {
			return "none"
		}
		return "some " + worded(v.GetValue())
	case traits.Mapper:
		var entries []string
		for it := v.Iterator(); it.HasNext() == celtypes.True; {
			key := it.Next()
			entries = append(entries, worded(key)+": "+worded(v.Get(key)))
		}
		sort.Strings(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case traits.Lister:
		var items []string
		for it := v.Iterator(); it.HasNext() == celtypes.True; {
			items = append(items, worded(it.Next()))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case *celtypes.Type:
		return "type " + checker.FormatCELType(v)
	}
	return value.Type().TypeName()
}

// functions are those that new rules may call, each with the ways in which it can be called.
func functions(*question) (any, error) {
	known := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).NewExpressionsEnv().Functions()
	lines := []string{}
	for name, function := range known {
		if aliases[name] {
			continue
		}
		var ways []string
		for _, overload := range function.OverloadDecls() {
			if way := called(overload); !strings.Contains(way, "authorization") {
				ways = append(ways, way)
			}
		}
		if len(ways) > 0 {
			lines = append(lines, name+": "+strings.Join(ways, "; "))
		}
	}
	sort.Strings(lines)
	return lines, nil
}

// aliases are other names of operators.
var aliases = map[string]bool{"in": true, "_in_": true, "__not_strictly_false__": true}

func called(overload *decls.OverloadDecl) string {
	var args []string
	for _, arg := range overload.ArgTypes() {
		args = append(args, checker.FormatCELType(arg))
	}
	way := fmt.Sprintf("(%s) %s", strings.Join(args, ", "), checker.FormatCELType(overload.ResultType()))
	if overload.IsMemberFunction() {
		return "of " + way
	}
	return way
}
