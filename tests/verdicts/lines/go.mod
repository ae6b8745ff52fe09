module github.com/alto9/chartdrop/tests/verdicts/lines

go 1.26.0
