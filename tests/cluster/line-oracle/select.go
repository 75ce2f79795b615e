package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"
)

// selected is a selector as it is printed, and which of the sets it selects.
type selected struct {
	Text    string `json:"text"`
	Matches []bool `json:"matches"`
}

func labelsSelected(q *question) (any, error) {
	selector, err := labels.Parse(q.Text)
	if err != nil {
		return nil, err
	}
	answer := selected{Text: selector.String(), Matches: []bool{}}
	for _, set := range q.Sets {
		answer.Matches = append(answer.Matches, selector.Matches(labels.Set(set)))
	}
	return answer, nil
}

// fieldsSelected reads a field selector of a kind, as a list does.
func fieldsSelected(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	selector, err := fields.ParseSelector(q.Text)
	if err != nil {
		return nil, err
	}
	selector, err = selector.Transform(func(field, value string) (string, string, error) {
		return scheme.ConvertFieldLabel(kind, field, value)
	})
	if err != nil {
		return nil, err
	}
	answer := selected{Text: selector.String(), Matches: []bool{}}
	for _, set := range q.Sets {
		answer.Matches = append(answer.Matches, selector.Matches(fields.Set(set)))
	}
	return answer, nil
}

var generator = printers.NewTableGenerator().With(printersinternal.AddHandlers)

// shown is a table without what stands behind its rows.
type shown struct {
	Columns    []metav1.TableColumnDefinition `json:"columns"`
	Cells      []any                          `json:"cells"`
	Conditions []metav1.TableRowCondition     `json:"conditions,omitempty"`
}

// table shows an object as a row for people.
func table(q *question) (any, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	object, err := internal(kind, q.Object)
	if err != nil {
		return nil, err
	}
	table, err := generator.GenerateTable(object, printers.GenerateOptions{Wide: true})
	if err != nil {
		return nil, err
	}
	for at := range table.ColumnDefinitions {
		table.ColumnDefinitions[at].Description = ""
	}
	row := table.Rows[0]
	return shown{Columns: table.ColumnDefinitions, Cells: row.Cells, Conditions: row.Conditions}, nil
}
