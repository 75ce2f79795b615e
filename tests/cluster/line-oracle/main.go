// line-oracle answers questions about Kubernetes with Kubernetes' own code: one JSON object a line in, one a line out.
//
// A question names what to `do` and mostly a `kind` ("apps/v1/Deployment"); the answer is {"ok": …} or {"error": …},
// and {"status": …} where an API server would send a Status.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// question is what a line asks; each field counts for some deeds only.
type question struct {
	Do     string              `json:"do"`
	Kind   string              `json:"kind"`
	Object json.RawMessage     `json:"object"`
	Old    json.RawMessage     `json:"old"`
	Patch  json.RawMessage     `json:"patch"`
	Steps  []step              `json:"steps"`
	Text   string              `json:"text"`
	Sets   []map[string]string `json:"sets"`
	Schema json.RawMessage     `json:"schema"`
}

var deeds = map[string]func(*question) (any, error){
	"strategic": strategic,
	"apply":     applied,
	"default":   defaulted,
	"create":    created,
	"update":    updated,
	"labels":    labelsSelected,
	"fields":    fieldsSelected,
	"table":     table,
	"define":    defined,
	"custom":    customised,
	"cel":       celled,
	"functions": functions,
}

func answer(line []byte) (reply map[string]any) {
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", fault, debug.Stack())
			reply = map[string]any{"panic": fmt.Sprint(fault)}
		}
	}()
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return map[string]any{"malformed": err.Error()}
	}
	deed, known := deeds[q.Do]
	if !known {
		return map[string]any{"malformed": "nobody can do " + q.Do}
	}
	result, err := deed(&q)
	if status, is := err.(apierrors.APIStatus); is {
		return map[string]any{"status": status.Status()}
	}
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"ok": result}
}

func run(in io.Reader, out io.Writer) error {
	reader, writer := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if err := encoder.Encode(answer(line)); err != nil {
				return err
			}
		}
		// Who asks one question at a time gets its answer at once.
		if reader.Buffered() == 0 {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
