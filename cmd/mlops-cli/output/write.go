package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
)

// Write writes the document as JSON or YAML, with a line end.
func Write(w io.Writer, format Format, d Document) error {
	text, err := Encode(format, d)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Encode returns the document as JSON or YAML, with a line end.
func Encode(format Format, d Document) ([]byte, error) {
	switch format {
	case JSON:
		compact, err := d.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encode the result as JSON: %w", err)
		}
		var b bytes.Buffer
		if err := json.Indent(&b, compact, "", "  "); err != nil {
			return nil, fmt.Errorf("encode the result as JSON: %w", err)
		}
		b.WriteByte('\n')
		return b.Bytes(), nil
	case YAML:
		text, err := yaml.MarshalWithOptions(ordered(d), yaml.IndentSequence(true))
		if err != nil {
			return nil, fmt.Errorf("encode the result as YAML: %w", err)
		}
		return text, nil
	}
	return nil, fmt.Errorf("%s is no format for documents", format)
}

// ordered returns the value in the types by which the YAML library keeps order.
func ordered(v any) any {
	switch v := finite(v).(type) {
	case Document:
		if v == nil {
			return nil
		}
		items := make(yaml.MapSlice, len(v))
		for i, f := range v {
			items[i] = yaml.MapItem{Key: f.Key, Value: ordered(f.Value)}
		}
		return items
	case []any:
		values := make([]any, len(v))
		for i := range v {
			values[i] = ordered(v[i])
		}
		return values
	default:
		return v
	}
}
