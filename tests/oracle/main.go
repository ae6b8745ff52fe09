// Command oracle says what Helm makes of a Chart.yaml.
//
// Without an argument it reads JSON lines on standard input, each a string: a document in base64. For each it writes
// one JSON line:
//
//	{
//	  "json":    the document as sigs.k8s.io/yaml converts it to JSON, or absent
//	  "error":   why it does not, or absent
//	  "strict":  why it does not where a key may not stand twice, or absent
//	  "chart":   the metadata of the chart that Helm loads, or absent
//	  "refused": why Helm does not load it, or absent
//	}
//
// With a folder as its argument it writes the same, indented, into NAME.helm.json for each NAME.yaml in there.
//
// The code is Helm's own: the loader of chart archives, with a Chart.yaml as the only file of a chart.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

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
	var err error
	switch len(os.Args) {
	case 1:
		err = answerLines(os.Stdin, os.Stdout)
	case 2:
		err = answerFolder(os.Args[1])
	default:
		err = fmt.Errorf("usage: oracle [FOLDER]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func answerLines(in io.Reader, to io.Writer) error {
	documents := json.NewDecoder(bufio.NewReader(in))
	out := bufio.NewWriter(to)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for documents.More() {
		var document []byte
		if err := documents.Decode(&document); err != nil {
			return err
		}
		if err := lines.Encode(ask(document)); err != nil {
			return err
		}
	}
	return out.Flush()
}

func answerFolder(folder string) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		document, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		indented := json.NewEncoder(&text)
		indented.SetEscapeHTML(false)
		indented.SetIndent("", "  ")
		if err := indented.Encode(ask(document)); err != nil {
			return err
		}
		if err := os.WriteFile(strings.TrimSuffix(path, ".yaml")+".helm.json", text.Bytes(), 0o644); err != nil {
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
