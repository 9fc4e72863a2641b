package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Header is what a document begins with.
type Header struct {
	Format        string `json:"format"`
	FormatVersion int    `json:"format_version"`
}

// Decode decodes exactly one JSON value, without unknown keys.
func Decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("has something behind its end")
	}
	return nil
}

// DecodeAs is [Decode] of a document that begins with a header, after a look at
// that alone: a document of another version is told as such, whatever its keys.
func DecodeAs(data []byte, want Header, into any) error {
	var has Header
	if err := json.Unmarshal(data, &has); err != nil {
		return fmt.Errorf("is not valid JSON: %w", err)
	}
	switch {
	case has.Format != want.Format:
		return fmt.Errorf("has format %.40q, not %q", has.Format, want.Format)
	case has.FormatVersion != want.FormatVersion:
		return fmt.Errorf("has version %d of its format; this program reads version %d", has.FormatVersion, want.FormatVersion)
	}
	return Decode(data, into)
}
