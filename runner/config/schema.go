package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// schema is the part of JSON Schema, draft 2020-12, that describes a
// configuration.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        []string           `json:"type,omitempty"`
	Const       any                `json:"const,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Default     any                `json:"default,omitempty"`
	Deprecated  bool               `json:"deprecated,omitempty"`
	Format      string             `json:"format,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	MinLength   int                `json:"minLength,omitempty"`
	MaxLength   int                `json:"maxLength,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	Above       *float64           `json:"exclusiveMinimum,omitempty"`
	Below       *float64           `json:"exclusiveMaximum,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	// Others is false, or the schema of the keys that Properties does not name.
	Others any                `json:"additionalProperties,omitempty"`
	AnyOf  []*schema          `json:"anyOf,omitempty"`
	AllOf  []*schema          `json:"allOf,omitempty"`
	Not    *schema            `json:"not,omitempty"`
	If     *schema            `json:"if,omitempty"`
	Then   *schema            `json:"then,omitempty"`
	Defs   map[string]*schema `json:"$defs,omitempty"`
}

const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// Schema returns the JSON Schema (draft 2020-12) of a configuration, for editors:
// every key with its type, range, choices, default and meaning, and the parameters
// of every kind of step. It refuses nothing that [Parse] and the registries accept;
// what depends on several values or on the data only they check.
func (k Kinds) Schema() []byte {
	root := &schema{
		Schema: schemaDialect, Title: "Configuration of mlops-cli", Type: []string{"object", "null"},
		Description: "Every key is optional; a key without a value keeps its default.",
		Properties:  map[string]*schema{}, Others: false, Defs: map[string]*schema{},
	}
	for _, key := range k.Keys() {
		section, name, inner := strings.Cut(key.Path, ".")
		if !inner {
			root.Properties[section] = &schema{Description: key.Text, Type: []string{"object", "null"}, Properties: map[string]*schema{}, Others: false}
			continue
		}
		property := key.schema()
		if name == "steps" {
			property.Items = &schema{Ref: "#/$defs/" + section + "_step"}
			root.Defs[section+"_step"] = stepSchema(section, k.Steps[section], root.Defs)
		}
		root.Properties[section].Properties[name] = property
	}
	k.addParams(root)
	addForeign(root)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		panic(fmt.Sprintf("config: schema: %v", err)) // a default that is no JSON
	}
	return b.Bytes()
}

// stepSchema describes one item of a section's list of steps. Its parameters go
// by its type.
func stepSchema(section string, kinds []StepKind, defs map[string]*schema) *schema {
	names := &schema{Type: []string{"string"}}
	long := &schema{
		Type: []string{"object"}, Required: []string{"type"}, Others: false,
		Properties: map[string]*schema{
			"type":   {Ref: "#/$defs/" + section + "_type"},
			"params": {Description: "The step's parameters.", Type: []string{"object", "null"}},
		},
	}
	var needy []any // the kinds that a name alone does not do for
	for _, kind := range kinds {
		names.AnyOf = append(names.AnyOf, &schema{Const: kind.Type, Description: kind.Text})
		if kind.Open {
			continue
		}
		params := &schema{Type: []string{"object", "null"}, Properties: map[string]*schema{}, Others: false}
		then := &schema{}
		for _, key := range kind.Params {
			params.Properties[key.Path] = key.schema()
			if key.Needed {
				params.Required, params.Type = append(params.Required, key.Path), []string{"object"}
			}
		}
		def := section + "_" + kind.Type
		defs[def] = params
		if params.Required != nil {
			then.Required, needy = []string{"params"}, append(needy, kind.Type)
		}
		then.Properties = map[string]*schema{"params": {Ref: "#/$defs/" + def}}
		long.AllOf = append(long.AllOf, &schema{
			If:   &schema{Required: []string{"type"}, Properties: map[string]*schema{"type": {Const: kind.Type}}},
			Then: then,
		})
	}
	defs[section+"_type"] = names
	short := &schema{Ref: "#/$defs/" + section + "_type"}
	if needy != nil {
		short.Not = &schema{Enum: needy}
	}
	return &schema{AnyOf: []*schema{short, long}}
}

// schema is the form of the key's value with what is known about it. A key without
// a value keeps its default, so that null is always taken.
func (k Key) schema() *schema {
	s := k.form
	s.Description, s.Default = k.Text, plainJSON(k.Default)
	switch {
	case s.Enum != nil:
		s.Enum = append(slices.Clone(s.Enum), nil)
	case s.AnyOf != nil:
		s.AnyOf = append(slices.Clone(s.AnyOf), &schema{Type: []string{"null"}})
	case s.Type != nil:
		s.Type = append(slices.Clone(s.Type), "null")
	}
	return &s
}

// formOf describes the values that a field takes.
func formOf(t reflect.Type, tag reflect.StructTag) schema {
	if t == reflect.TypeFor[Columns]() {
		name := &schema{Type: []string{"string"}, Pattern: `\S`}
		return schema{AnyOf: []*schema{name, {Type: []string{"array"}, Items: name}}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return formOf(t.Elem(), tag)
	case reflect.Slice:
		items := formOf(t.Elem(), "")
		return schema{Type: []string{"array"}, Items: &items}
	case reflect.Map:
		items := formOf(t.Elem(), tag)
		return schema{Type: []string{"object"}, Others: &items}
	case reflect.String:
		return textForm(tag)
	case reflect.Bool:
		return schema{Type: []string{"boolean"}}
	case reflect.Int, reflect.Int64:
		return numberForm("integer", tag.Get("range"))
	case reflect.Float64:
		if tag.Get("part") != "" {
			whole := numberForm("integer", fmt.Sprintf("[1,%d]", maxWhole))
			share := numberForm("number", "[0,1)")
			return schema{AnyOf: []*schema{&share, &whole}}
		}
		return numberForm("number", tag.Get("range"))
	}
	return schema{} // any value
}

func textForm(tag reflect.StructTag) schema {
	if choices := tag.Get("enum"); choices != "" {
		return schema{Enum: enumOf(strings.Split(choices, "|"))}
	}
	s := schema{Type: []string{"string"}}
	switch tag.Get("text") {
	case "number":
		s.Type = []string{"string", "number", "boolean"}
	case "path", "word":
		s.MinLength = 1
	case "name":
		s.MinLength, s.MaxLength, s.Pattern = 1, longestName, `^[^/\\:\n\r\t\x00]+$`
		s.Not = &schema{Enum: []any{".", ".."}}
	case "time":
		return schema{AnyOf: []*schema{{Const: ""}, {Type: []string{"string"}, Format: "date-time"}}}
	}
	return s
}

func numberForm(kind, tag string) schema {
	s := schema{Type: []string{kind}}
	if tag == "" {
		return s
	}
	r := intervalOf(tag)
	if s.Minimum = r.low; r.openLow {
		s.Minimum, s.Above = nil, r.low
	}
	if s.Maximum = r.high; r.openHigh {
		s.Maximum, s.Below = nil, r.high
	}
	return s
}

func enumOf(choices []string) []any {
	values := make([]any, len(choices))
	for i, c := range choices {
		values[i] = c
	}
	return values
}

// plainJSON turns pairs into maps, whose keys JSON sorts.
func plainJSON(value any) any {
	switch v := value.(type) {
	case pairs:
		m := make(map[string]any, len(v))
		for _, p := range v {
			m[p.key] = plainJSON(p.value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = plainJSON(item)
		}
		return list
	}
	return value
}
