package deploy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"

	"mlops/runner/report"
)

// ReportDir is the directory of the model report: the document, its text, and a
// plot a file.
const ReportDir = "report"

// Names of the model report's files beside its plots.
const (
	ReportFile     = ReportDir + "/report.json"
	ReportTextFile = ReportDir + "/report.txt"
)

const saveReportStep = "save_report"

// WantsReport tells whether a step saves the model report.
func (s Steps) WantsReport() bool {
	for _, step := range s {
		if step.name == saveReportStep {
			return true
		}
	}
	return false
}

// saveReport writes the model report and its plots.
type saveReport struct{}

// Run writes nothing where there is no report: rows must have been set apart.
func (saveReport) Run(ctx context.Context, c *Context) error {
	r := c.Candidate.Report
	if r == nil {
		return nil
	}
	if err := c.Write(ReportFile, 0o666, r.WriteJSON); err != nil {
		return err
	}
	if err := c.Write(ReportTextFile, 0o666, r.WriteText); err != nil {
		return err
	}
	for _, plot := range r.Plots() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := path.Join(ReportDir, plot.Name+"."+string(report.SVG))
		if err := c.Write(name, 0o666, func(w io.Writer) error { return plot.Write(w, report.SVG) }); err != nil {
			return err
		}
	}
	c.Artifacts["report"] = ReportTextFile
	return nil
}

// maxReportBytes is more than a document within its own limits has.
const maxReportBytes = 64 << 20

// ReadReport reads the deployment's model report; nil where it has none.
func (b *Bundle) ReadReport() (*report.Report, error) {
	data, err := b.ReadFile(ReportFile, maxReportBytes)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	return report.Read(bytes.NewReader(data))
}
