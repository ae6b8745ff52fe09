// Command helm4 says what Helm 4 makes of chart archives and indexes: see the package lines.
package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/alto9/chartdrop/tests/verdicts/lines"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/loader"
	v2 "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/provenance"
	repo "helm.sh/helm/v4/pkg/repo/v1"
)

const url = "https://charts.example.com"

func main() {
	// What it skips in an index it would log, entry by entry.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	lines.Main(lines.Helm{Archive: archive, Index: index})
}

// archive does what `helm show chart`, `helm repo index` and `helm template` do with an archive.
func archive(path string) (answer lines.Answer) {
	loaded, err := loader.Load(path)
	if err != nil {
		return lines.Answer{Rejected: err.Error()}
	}
	chart, ok := loaded.(*v2.Chart)
	if !ok {
		// `helm repo index` has the loader of charts up to v2 only.
		return lines.Answer{NotIndexed: fmt.Sprintf("%T", loaded)}
	}
	if entry, err := entry(path, chart.Metadata); err != nil {
		answer.NotIndexed = err.Error()
	} else {
		answer.Entry = entry
	}
	if err := dependencies(chart); err != nil {
		answer.NotRendered = err.Error()
	}
	return answer
}

// entry is written before anything else happens to the metadata.
func entry(path string, metadata *v2.Metadata) (json.RawMessage, error) {
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
func dependencies(loaded *v2.Chart) error {
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return err
	}
	if wanted := accessor.MetaDependencies(); len(wanted) > 0 {
		if err := action.CheckDependencies(loaded, wanted); err != nil {
			return err
		}
	}
	return chartutil.ProcessDependencies(loaded, map[string]any{})
}

func index(path string) lines.Answer {
	index, err := repo.LoadIndexFile(path)
	if err != nil {
		return lines.Answer{Rejected: err.Error()}
	}
	return lines.Answer{Index: index}
}
