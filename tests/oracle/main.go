// Command oracle says what Helm makes of a Chart.yaml, or of an index.
//
// Without an argument it reads JSON lines on standard input, each a string: a Chart.yaml in base64. For each it writes
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
// With the argument "index" the documents are indexes of repositories, and it writes for each:
//
//	{
//	  "index":   the index that Helm 3 and Helm 4 load, in the order of the text, or absent
//	  "refused": why they don't, or absent
//	  "differ":  what only one of the two makes of it, or absent
//	}
//
// With a folder as its last argument it writes the same, indented, into NAME.helm.json for each NAME.yaml in there.
//
// The code is Helm's own: the loader of chart archives, with a Chart.yaml as the only file of a chart, and the loader of
// index files.
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
	ask := func(document []byte) any { return askChart(document) }
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == "index" {
		ask = func(document []byte) any { return askIndex(document) }
		arguments = arguments[1:]
	}
	switch len(arguments) {
	case 0:
		err = answerLines(os.Stdin, os.Stdout, ask)
	case 1:
		err = answerFolder(arguments[0], ask)
	default:
		err = fmt.Errorf("usage: oracle [index] [FOLDER]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func answerLines(in io.Reader, to io.Writer, ask func([]byte) any) error {
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

func answerFolder(folder string, ask func([]byte) any) error {
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

// askChart never fails: go-yaml is known to panic on a few inputs, and that is an answer too.
func askChart(document []byte) (a answer) {
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
