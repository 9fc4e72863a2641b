package config

import (
	"fmt"
	"strings"
)

const referenceHead = `# Configuration

Generated from the configuration's types and the registries of steps; change it there and run
` + "`go generate ./runner/pipeline`" + `.

One YAML file of four sections. Every key is optional, and a key without a value keeps its default; unknown
keys, wrong types and values out of range are refused with their place in the file.

| to | run |
|---|---|
| write a commented file of the defaults | ` + "`mlops-cli init`, with every key: `mlops-cli init --full`" + ` |
| check files | ` + "`mlops-cli config validate FILE...`" + ` |
| read about a key, a step or its parameter | ` + "`mlops-cli config explain training.cv_folds`" + ` |
| have an editor complete and check | ` + "`mlops-cli config schema --output mlops-config.schema.json`" + ` |
| override a key for one run | ` + "`mlops-cli train DATA --set training.cv_folds=3`" + ` |

An editor with a YAML language server reads the schema by this line at the head of a file:

` + "```yaml\n# yaml-language-server: $schema=mlops-config.schema.json\ntraining:\n  backend: lightgbm\n```" + `

A step is a name, or a map of ` + "`type` and `params`" + `. With ` + "`steps`" + `, a section's plain keys that stand for
steps are not looked at; an empty list means no steps. The parameter ` + "`enabled: false`" + ` of any step leaves it out.

Files of Make MLOps Easy are read unchanged: ` + "`hidden_layer_sizes`, `max_iter`" + ` and the other parameters of its networks
may stand in ` + "`training` itself, `prefix`, `filename` and `template`" + ` in its deployment steps; what is about pickles, such as
` + "`save_format`" + `, does nothing, and a warning says so.
`

// Reference writes the reference page of all keys, steps and parameters as
// Markdown.
func (k Kinds) Reference() []byte {
	var b strings.Builder
	b.WriteString(referenceHead)
	section := ""
	for _, key := range k.Keys() {
		name, inner, deeper := strings.Cut(key.Path, ".")
		if !deeper {
			k.writeSteps(&b, section)
			section = name
			fmt.Fprintf(&b, "\n## %s\n\n%s Used by %s.\n\n", name, key.Text, strings.ReplaceAll(key.Use, ";", ","))
			b.WriteString("| key | values | default | meaning |\n|---|---|---|---|\n")
			continue
		}
		writeRow(&b, inner, key)
	}
	k.writeSteps(&b, section)
	return []byte(b.String())
}

func (k Kinds) writeSteps(b *strings.Builder, section string) {
	for _, kind := range k.Steps[section] {
		fmt.Fprintf(b, "\n### %s: %s\n\n%s\n", section, kind.Type, kind.Text)
		switch {
		case kind.Open:
			continue
		case len(kind.Params) == 0:
			b.WriteString("\nIt takes no parameters.\n")
			continue
		}
		b.WriteString("\n| parameter | values | default | meaning |\n|---|---|---|---|\n")
		for _, key := range kind.Params {
			writeRow(b, key.Path, key)
		}
		fmt.Fprintf(b, "\n```yaml\n- %s\n```\n", kind.example(""))
	}
}

func writeRow(b *strings.Builder, name string, key Key) {
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, cell(key.Values()), defaultCell(key), cell(key.Text))
}

// Values says in words which values the key takes.
func (k Key) Values() string {
	switch {
	case len(k.Choices) > 0 && strings.HasPrefix(k.Type, "map"):
		return k.Type + ": " + strings.Join(k.Choices, ", ")
	case len(k.Choices) > 0:
		return strings.Join(k.Choices, ", ")
	case k.Range != "":
		return k.Type + ", " + k.Range
	}
	return k.Type
}

// DefaultText is the default as it stands in YAML; "" where there is none.
func (k Key) DefaultText() string {
	if k.Default == nil {
		return ""
	}
	return flowYAML(k.Default, canonicalFloat)
}

func defaultCell(key Key) string {
	switch text := key.DefaultText(); {
	case key.Needed:
		return "needed"
	case text == "" || text == `""`:
		return "none"
	default:
		return "`" + cell(text) + "`"
	}
}

// cell keeps a text within its cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
