package gbdt

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:generate go test -run TestParameterReference -update

const referenceHead = `# Parameters of the boosted trees

Generated from the parameter table of package runner/gbdt; change it there and run
` + "`go generate ./runner/gbdt`" + `. The names and defaults are LightGBM's. Values outside the range, unknown
names and two aliases of one parameter together are refused.
`

// WriteParamReference writes the reference page of all parameters as Markdown.
func WriteParamReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(referenceHead)
	group := ""
	for i := range paramTable {
		s := &paramTable[i]
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n## %s\n\n| Parameter | Default | Values | Meaning | Aliases |\n|---|---|---|---|---|\n", group)
		}
		aliases := make([]string, len(s.aliases))
		for i, alias := range s.aliases {
			aliases[i] = "`" + alias + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.name, s.defaultText(), s.valuesText(), s.doc, strings.Join(aliases, ", "))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("gbdt: write parameter reference: %w", err)
	}
	return nil
}

func (s *paramSpec) defaultText() string {
	switch v := s.initial.(type) {
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	case []int:
		return joinNumbers(v, strconv.Itoa)
	}
	return ""
}

func (s *paramSpec) valuesText() string {
	if s.field == nil {
		return "any"
	}
	switch s.field(&Params{}).(type) {
	case *bool:
		return "true, false"
	case *int:
		return strings.TrimSpace("whole number " + s.rangeText())
	case *float64:
		return strings.TrimSpace("number " + s.rangeText())
	case *string:
		return s.storedText()
	case *[]int:
		return "list of whole numbers " + s.rangeText()
	case *[][]int:
		return "lists of whole numbers"
	case *[]float64:
		return "list of numbers " + s.rangeText()
	}
	return "list of names"
}

func joinNumbers[T any](values []T, format func(T) string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = format(v)
	}
	return strings.Join(texts, ",")
}

// storedText lists the choices under the names that are stored.
func (s *paramSpec) storedText() string {
	var stored []string
	for _, v := range s.choices {
		if !slices.Contains(stored, v) {
			stored = append(stored, v)
		}
	}
	slices.Sort(stored)
	return strings.Join(stored, ", ")
}
