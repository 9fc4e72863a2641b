// Package config reads the configuration of a run: one YAML file of four
// sections — preprocessing, training, deployment, observability — merged over
// [Default].
//
// Decoding is strict. An unknown key, a wrong type, a value out of range, a key
// given twice or a second document is an [*Error] that names file, line, column
// and key, offers the nearest known key and shows the line. Nothing in a file
// is executed; size, depth and the expansion of aliases are bounded.
//
//	parse.go      bytes → syntax tree, within limits
//	build.go      syntax tree → nodes; aliases expanded
//	node.go       values with their positions
//	decode.go     nodes → structs, by their yaml tags
//	validate.go   ranges and choices, by their range and enum tags
//	config.go     the structs and their defaults
//	step.go       one item of a steps list, decoded later by its factory
//	set.go        key=value overrides of a command line
//	write_yaml.go writing of YAML
//	canonical.go  canonical YAML and hash
//	commented.go  the commented default file
//
// What a registry decides — backend names, step names, a backend's params — is
// checked where the registry is; [Config.ErrorAt] and [Step.ErrorAt] give such
// errors their place in the file.
package config
