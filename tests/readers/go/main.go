// Command read prints what go-yaml reads in files. See ../README.md.
//
// usage: read v2|v3 FILE…
package main

import (
	"encoding/json"
	"fmt"
	"os"

	yamlv2 "gopkg.in/yaml.v2"
	yamlv3 "gopkg.in/yaml.v3"
)

type answer struct {
	Document any    `json:"document"`
	Error    string `json:"error,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "read:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	readers := map[string]func([]byte, any) error{"v2": yamlv2.Unmarshal, "v3": yamlv3.Unmarshal}
	if len(arguments) == 0 || readers[arguments[0]] == nil {
		return fmt.Errorf("usage: read v2|v3 FILE…")
	}
	lines := json.NewEncoder(os.Stdout)
	for _, path := range arguments[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var document any
		var a answer
		if err := readers[arguments[0]](text, &document); err != nil {
			a.Error = err.Error()
		} else {
			a.Document = shown(document)
		}
		if err := lines.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

func shown(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, of := range value {
			object[key] = shown(of)
		}
		return object
	case map[any]any:
		object := make(map[string]any, len(value))
		for key, of := range value {
			text, is := key.(string)
			if !is {
				text = fmt.Sprintf("%T %v", key, key)
			}
			object[text] = shown(of)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = shown(item)
		}
		return list
	case nil, string, bool, int, int64, uint64, float64:
		return value
	default:
		return map[string]any{fmt.Sprintf("%T", value): fmt.Sprint(value)}
	}
}
