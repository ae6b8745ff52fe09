// Package lines is what the verdicts of every Helm have in common: a question on each line of standard input, an answer on
// each line of standard output.
package lines

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Question names one file. Exactly one of the two is given.
type Question struct {
	Archive string `json:"archive"`
	Index   string `json:"index"`
}

// Answer is what Helm makes of that file.
type Answer struct {
	// Rejected is why Helm does not load the file.
	Rejected string `json:"rejected,omitempty"`
	// NotRendered is why `helm template` stops before it renders the chart. Absent if it does not.
	NotRendered string `json:"notRendered,omitempty"`
	// NotIndexed is why `helm repo index` leaves the archive out.
	NotIndexed string `json:"notIndexed,omitempty"`
	// Entry is what `helm repo index` writes for the archive.
	Entry any `json:"entry,omitempty"`
	// Index is the index as Helm has loaded it.
	Index any `json:"index,omitempty"`
}

// Helm answers questions.
type Helm struct {
	Archive func(path string) Answer
	Index   func(path string) Answer
}

// Main answers questions until there are no more.
func Main(helm Helm) {
	if err := answer(helm, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "verdicts:", err)
		os.Exit(1)
	}
}

func answer(helm Helm, in io.Reader, to io.Writer) error {
	questions := json.NewDecoder(bufio.NewReader(in))
	answers := json.NewEncoder(to)
	answers.SetEscapeHTML(false)
	for {
		var question Question
		if err := questions.Decode(&question); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(ask(helm, question)); err != nil {
			return err
		}
	}
}

// ask never fails: go-yaml is known to panic on a few inputs, and that is an answer too.
func ask(helm Helm, question Question) (answer Answer) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = Answer{Rejected: fmt.Sprint("panic: ", problem)}
		}
	}()
	if question.Archive != "" {
		return helm.Archive(question.Archive)
	}
	return helm.Index(question.Index)
}
