module github.com/alto9/chartdrop/tests/readers/go

go 1.26.0

require (
	gopkg.in/yaml.v2 v2.4.0
	gopkg.in/yaml.v3 v3.0.1
)
