package config

import (
	"maps"
	"slices"
)

// addParams tells which parameters training.params takes with each backend. Their
// values the backend alone checks: LightGBM's, for one, may be written in many ways.
func (k Kinds) addParams(root *schema) {
	training := root.Properties["training"]
	usual := Default().Training.Backend
	for _, backend := range slices.Sorted(maps.Keys(k.Params)) {
		params := &schema{Type: []string{"object", "null"}, Properties: map[string]*schema{}, Others: false}
		for _, p := range k.Params[backend] {
			params.Properties[p.Name] = &schema{Description: p.Text}
		}
		def := "training_params_" + backend
		root.Defs[def] = params
		names := []any{backend}
		for _, alias := range backendAliases() {
			if aliases[alias] == backend {
				names = append(names, alias)
			}
		}
		asked := &schema{Properties: map[string]*schema{"backend": {Enum: names}}}
		if backend == usual {
			asked.Properties["backend"].Enum = append(names, nil) // no value: the default
		} else {
			asked.Required = []string{"backend"}
		}
		training.AllOf = append(training.AllOf, &schema{
			If:   asked,
			Then: &schema{Properties: map[string]*schema{"params": {Ref: "#/$defs/" + def}}},
		})
	}
}
