package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"

	repo3 "helm.sh/helm/v3/pkg/repo"
	repo4 "helm.sh/helm/v4/pkg/repo/v1"
)

type indexAnswer struct {
	Index   json.RawMessage `json:"index,omitempty"`
	Refused string          `json:"refused,omitempty"`
	Differ  string          `json:"differ,omitempty"`
}

func init() {
	// Both tell what they skip.
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
}

// askIndex asks Helm 3 and Helm 4, which read indexes from files only.
func askIndex(document []byte) indexAnswer {
	index3, error3 := load(document, func(path string) (any, error) { return repo3.LoadIndexFile(path) })
	index4, error4 := load(document, func(path string) (any, error) { return repo4.LoadIndexFile(path) })
	switch {
	case error3 != "" && error4 != "":
		return indexAnswer{Refused: error3}
	case error3 != error4:
		return indexAnswer{Differ: fmt.Sprintf("Helm 3: %q, Helm 4: %q", error3, error4)}
	case string(index3) != string(index4):
		return indexAnswer{Differ: fmt.Sprintf("Helm 3: %s, Helm 4: %s", index3, index4)}
	}
	return indexAnswer{Index: index3}
}

func load(document []byte, loader func(string) (any, error)) (loaded json.RawMessage, refused string) {
	defer func() {
		if problem := recover(); problem != nil {
			loaded, refused = nil, fmt.Sprint("panic: ", problem)
		}
	}()
	file, err := os.CreateTemp("", "oracle-index")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(document); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
	index, err := loader(file.Name())
	if err != nil {
		// Without the name of the file, which is another one each time.
		return nil, firstLine(err)
	}
	text, err := json.Marshal(index)
	if err != nil {
		return nil, err.Error()
	}
	return text, ""
}

func firstLine(err error) string {
	text := err.Error()
	for at := range text {
		if text[at:] != "" && at > 0 && text[at-1] == ' ' && text[at-2] == ':' {
			return text[at:]
		}
	}
	return text
}
