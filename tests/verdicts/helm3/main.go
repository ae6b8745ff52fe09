// Command helm3 says what Helm 3 makes of chart archives and indexes: see the package lines.
package main

import (
	"encoding/json"
	"io"
	"log"
	"path/filepath"

	"github.com/alto9/chartdrop/tests/verdicts/lines"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/provenance"
	"helm.sh/helm/v3/pkg/repo"
)

const url = "https://charts.example.com"

func main() {
	// What it skips in an index it would log, entry by entry.
	log.SetOutput(io.Discard)
	lines.Main(lines.Helm{Archive: archive, Index: index})
}

// archive does what `helm show chart`, `helm repo index` and `helm template` do with an archive.
func archive(path string) (answer lines.Answer) {
	loaded, err := loader.Load(path)
	if err != nil {
		return lines.Answer{Rejected: err.Error()}
	}
	if entry, err := entry(path, loaded.Metadata); err != nil {
		answer.NotIndexed = err.Error()
	} else {
		answer.Entry = entry
	}
	if err := dependencies(loaded); err != nil {
		answer.NotRendered = err.Error()
	}
	return answer
}

// entry is written before anything else happens to the metadata.
func entry(path string, metadata *chart.Metadata) (json.RawMessage, error) {
	digest, err := provenance.DigestFile(path)
	if err != nil {
		return nil, err
	}
	index := repo.NewIndexFile()
	if err := index.MustAdd(metadata, filepath.Base(path), url, digest); err != nil {
		return nil, err
	}
	return json.Marshal(index.Entries[metadata.Name][0])
}

// dependencies are looked for, and given their values, before a template is rendered.
func dependencies(loaded *chart.Chart) error {
	if wanted := loaded.Metadata.Dependencies; wanted != nil {
		if err := action.CheckDependencies(loaded, wanted); err != nil {
			return err
		}
	}
	return chartutil.ProcessDependenciesWithMerge(loaded, map[string]any{})
}

func index(path string) lines.Answer {
	index, err := repo.LoadIndexFile(path)
	if err != nil {
		return lines.Answer{Rejected: err.Error()}
	}
	return lines.Answer{Index: index}
}
