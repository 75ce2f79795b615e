// Package conformance is Kubernetes' own end-to-end suite as one program, built from Go modules.
//
// Upstream's main package is not importable, but all that it registers is. This one has two flags
// of its own: where no container runs, a spec that waits for one is to fail soon.
package conformance

import (
	"flag"
	"os"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	conformance "k8s.io/kubernetes/test/conformance/testdata"
	"k8s.io/kubernetes/test/e2e"
	"k8s.io/kubernetes/test/e2e/framework"
	"k8s.io/kubernetes/test/e2e/framework/config"
	"k8s.io/kubernetes/test/e2e/framework/testfiles"
	manifests "k8s.io/kubernetes/test/e2e/testing-manifests"
	"k8s.io/kubernetes/test/fixtures"

	// The suites that have conformance specs register them when they are imported.
	_ "k8s.io/kubernetes/test/e2e/apimachinery"
	_ "k8s.io/kubernetes/test/e2e/apps"
	_ "k8s.io/kubernetes/test/e2e/architecture"
	_ "k8s.io/kubernetes/test/e2e/auth"
	_ "k8s.io/kubernetes/test/e2e/common"
	_ "k8s.io/kubernetes/test/e2e/dra"
	_ "k8s.io/kubernetes/test/e2e/feature"
	_ "k8s.io/kubernetes/test/e2e/instrumentation"
	_ "k8s.io/kubernetes/test/e2e/kubectl"
	_ "k8s.io/kubernetes/test/e2e/network"
	_ "k8s.io/kubernetes/test/e2e/node"
	_ "k8s.io/kubernetes/test/e2e/scheduling"
	_ "k8s.io/kubernetes/test/e2e/storage"

	// What the framework does around each spec registers itself as well.
	_ "k8s.io/kubernetes/test/e2e/framework/debug/init"
	_ "k8s.io/kubernetes/test/e2e/framework/metrics/init"
	_ "k8s.io/kubernetes/test/e2e/framework/node/init"
)

var (
	perSpec = flag.Duration("limit", 0, "how long one spec may take (0: as upstream)")
	perWait = flag.Duration("patience", 0, "how long the framework waits for a pod and the like at most (0: as upstream)")
)

func TestMain(m *testing.M) {
	config.CopyFlags(config.Flags, flag.CommandLine)
	framework.RegisterCommonFlags(flag.CommandLine)
	framework.RegisterClusterFlags(flag.CommandLine)
	flag.Parse()
	shorten(*perWait)
	ginkgo.AddTreeConstructionNodeArgsTransformer(limited(*perSpec))
	testfiles.AddFileSource(manifests.GetE2ETestingManifestsFS())
	testfiles.AddFileSource(fixtures.GetTestFixturesFS())
	testfiles.AddFileSource(conformance.GetConformanceTestdataFS())
	framework.AfterReadingAllFlags(&framework.TestContext)
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) { e2e.RunE2ETests(t) }

// shorten caps the framework's timeouts. They are private and most have no flag.
func shorten(most time.Duration) {
	if most <= 0 {
		return
	}
	private := reflect.ValueOf(&framework.TestContext).Elem().FieldByName("timeouts")
	timeouts := reflect.NewAt(private.Type(), private.Addr().UnsafePointer()).Elem()
	for i := 0; i < timeouts.NumField(); i++ {
		timeout := (*time.Duration)(unsafe.Pointer(timeouts.Field(i).UnsafeAddr()))
		*timeout = min(*timeout, most)
	}
}

// limited gives specs a deadline. Only those that take a context can have one, and one that a spec
// names for itself comes later and counts.
func limited(limit time.Duration) ginkgo.NodeArgsTransformer {
	return func(kind types.NodeType, _ ginkgo.Offset, text string, args []any) (string, []any, []error) {
		if limit > 0 && kind == types.NodeTypeIt && takesContext(args) {
			args = append([]any{ginkgo.SpecTimeout(limit)}, args...)
		}
		return text, args, nil
	}
}

func takesContext(args []any) bool {
	for _, arg := range args {
		if body := reflect.TypeOf(arg); body != nil && body.Kind() == reflect.Func && body.NumIn() == 1 {
			return true
		}
	}
	return false
}
