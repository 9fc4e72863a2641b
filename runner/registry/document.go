package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mlops/runner/strictjson"
)

const (
	documentFile     = "model.json"
	maxDocumentBytes = 64 << 20
	// maxVersions bounds the versions of one model that exist at a time.
	maxVersions = 10_000
	// maxHistory bounds the moves that are kept; older ones are forgotten.
	maxHistory = 10_000
)

var documentHeader = strictjson.Header{Format: "mlops-registry-model", FormatVersion: 1}

// Version is one version of a model.
type Version struct {
	Number    int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	Facts
}

// Facts are what whoever registers a version knows of it. The registry keeps
// them and looks only at Task.
type Facts struct {
	By                string             `json:"by"`                           // person or workflow
	Task              string             `json:"task_id,omitempty"`            // see [Registration]
	WorkflowID        string             `json:"workflow_id,omitempty"`        // that trained it
	Source            string             `json:"source,omitempty"`             // name of the deployment that it is a copy of
	DeploymentVersion string             `json:"deployment_version,omitempty"` // the configuration's
	Digest            string             `json:"digest,omitempty"`             // SHA-256 of its list of checksums, hexadecimal
	Description       string             `json:"description,omitempty"`
	ModelName         string             `json:"model_name,omitempty"`
	ProblemType       string             `json:"problem_type,omitempty"`
	Metrics           map[string]float64 `json:"metrics,omitempty"` // finite
}

// Move is one move of an alias.
type Move struct {
	Time   time.Time `json:"time"`
	By     string    `json:"by"`
	Alias  string    `json:"alias"`
	From   int       `json:"from"` // version; 0: the alias was new
	To     int       `json:"to"`   // version; 0: the alias was removed
	Reason string    `json:"reason,omitempty"`
}

// Model is a named model.
type Model struct {
	Name     string
	Versions []Version      // by number; numbers may be missing
	Aliases  map[string]int // without "latest"
	History  []Move         // oldest first
}

// document is model.json.
type document struct {
	strictjson.Header
	Name        string         `json:"name"`
	NextVersion int            `json:"next_version"`
	Versions    []Version      `json:"versions"`
	Aliases     map[string]int `json:"aliases"`
	History     []Move         `json:"history"`
	// SHA256 is the checksum of the rest: this document without it, as compact JSON.
	SHA256 string `json:"sha256"`
}

func newDocument(name string) *document {
	return &document{
		Header: documentHeader, Name: name, NextVersion: 1,
		Versions: []Version{}, Aliases: map[string]int{}, History: []Move{},
	}
}

func (d *document) model() Model {
	return Model{Name: d.Name, Versions: d.Versions, Aliases: d.Aliases, History: d.History}
}

// version returns the index of a version, or -1.
func (d *document) version(number int) int {
	return slices.IndexFunc(d.Versions, func(v Version) bool { return v.Number == number })
}

func (d *document) sum() (string, error) {
	plain := *d
	plain.SHA256 = ""
	data, err := json.Marshal(plain)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// encode writes the document with its checksum.
func (d *document) encode() ([]byte, error) {
	sum, err := d.sum()
	if err != nil {
		return nil, err
	}
	sealed := *d
	sealed.SHA256 = sum
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(sealed); err != nil {
		return nil, err
	}
	if b.Len() > maxDocumentBytes {
		return nil, &LimitError{Problem: fmt.Sprintf("what is known of %s would be larger than %d bytes", d.Name, maxDocumentBytes)}
	}
	return b.Bytes(), nil
}

// decode reads a document of that name strictly. Its errors say what is wrong
// with the file.
func decode(data []byte, name string) (*document, error) {
	d := new(document)
	if err := strictjson.DecodeAs(data, documentHeader, d); err != nil {
		return nil, err
	}
	if sum, err := d.sum(); err != nil || sum != d.SHA256 {
		return nil, errors.New("does not match its checksum")
	}
	return d, d.check(name)
}

// check finds contents that this program never writes.
func (d *document) check(name string) error {
	if d.Name != name {
		return fmt.Errorf("is of the model %q", d.Name)
	}
	last := 0
	for _, v := range d.Versions {
		if v.Number <= last || v.Number >= d.NextVersion {
			return fmt.Errorf("has version %d out of order", v.Number)
		}
		last = v.Number
	}
	for alias, number := range d.Aliases {
		if CheckAlias(alias) != nil || d.version(number) < 0 {
			return fmt.Errorf("has an alias %q of version %d, which is not there", alias, number)
		}
	}
	return nil
}
