// Command oracle says what Helm makes of a Chart.yaml.
//
// It reads JSON lines on standard input, each a string: a document in base64. For each it writes one JSON line:
//
//	{
//	  "json":   the document as sigs.k8s.io/yaml converts it to JSON, or absent
//	  "error":  why it does not, or absent
//	  "strict": why it does not where a key may not stand twice, or absent
//	  "chart":  the metadata of the chart that Helm loads, or absent
//	  "refused": why Helm does not load it, or absent
//	}
//
// The code is Helm's own: the loader of chart archives, with a Chart.yaml as the only file of a chart.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"sigs.k8s.io/yaml"
)

type answer struct {
	JSON    json.RawMessage `json:"json,omitempty"`
	Error   string          `json:"error,omitempty"`
	Strict  string          `json:"strict,omitempty"`
	Chart   *chart.Metadata `json:"chart,omitempty"`
	Refused string          `json:"refused,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run() error {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for in.More() {
		var document []byte
		if err := in.Decode(&document); err != nil {
			return err
		}
		if err := lines.Encode(ask(document)); err != nil {
			return err
		}
	}
	return nil
}

// ask never fails: go-yaml is known to panic on a few inputs, and that is an answer too.
func ask(document []byte) (a answer) {
	defer func() {
		if problem := recover(); problem != nil {
			a = answer{Error: fmt.Sprint("panic: ", problem), Refused: fmt.Sprint("panic: ", problem)}
		}
	}()
	// Helm's archive reader takes one byte-order mark off every file.
	document = bytes.TrimPrefix(document, []byte("\xef\xbb\xbf"))

	converted, err := yaml.YAMLToJSON(document)
	if err != nil {
		a.Error = err.Error()
	} else {
		a.JSON = converted
	}
	if _, err := yaml.YAMLToJSONStrict(document); err != nil {
		a.Strict = err.Error()
	}
	loaded, err := loader.LoadFiles([]*loader.BufferedFile{{Name: "Chart.yaml", Data: document}})
	if err != nil {
		a.Refused = err.Error()
	} else {
		a.Chart = loaded.Metadata
	}
	return a
}
