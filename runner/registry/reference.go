package registry

import (
	"regexp"
	"strconv"
	"strings"
)

// Scheme begins every reference to a registered model.
const Scheme = "models:/"

// Latest is the alias of the newest version. It is computed and cannot be moved.
const Latest = "latest"

// Ref names a model, or one of its versions by number or by alias.
type Ref struct {
	Name    string
	Version int    // 0: by alias
	Alias   string // "": by version; both empty: the model as such, or its newest version
}

// String writes the reference as [ParseRef] reads it.
func (r Ref) String() string {
	switch {
	case r.Version > 0:
		return Scheme + r.Name + "/" + strconv.Itoa(r.Version)
	case r.Alias != "":
		return Scheme + r.Name + "@" + r.Alias
	}
	return Scheme + r.Name
}

// IsRef reports whether a location is a reference and no path.
func IsRef(location string) bool { return strings.HasPrefix(location, Scheme) }

// ParseRef reads models:/NAME, models:/NAME/VERSION, models:/NAME@ALIAS or
// models:/NAME/latest. Anything else is a [*NameError].
func ParseRef(text string) (Ref, error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok {
		return Ref{}, &NameError{Name: text, Kind: "reference", Problem: "begins with " + Scheme + ", e.g. models:/churn/3 or models:/churn@champion"}
	}
	if strings.HasPrefix(rest, "/") {
		return Ref{}, &NameError{Name: text, Kind: "reference", Problem: "has one slash after models:, e.g. models:/churn/3"}
	}
	var r Ref
	name, alias, hasAlias := strings.Cut(rest, "@")
	name, version, hasVersion := strings.Cut(name, "/")
	r.Name = name
	if err := CheckName(name); err != nil {
		return Ref{}, err
	}
	switch {
	case hasAlias && hasVersion:
		return Ref{}, &NameError{Name: text, Kind: "reference", Problem: "names a version or an alias, not both"}
	case hasAlias:
		r.Alias = alias
		return r, checkAliasName(alias)
	case hasVersion && version == Latest:
		r.Alias = Latest
	case hasVersion:
		n, err := strconv.Atoi(version)
		if err != nil || n < 1 || strconv.Itoa(n) != version {
			return Ref{}, &NameError{Name: text, Kind: "reference",
				Problem: "has a version number from 1 behind the slash; an alias follows an @, as in models:/" + name + "@champion"}
		}
		r.Version = n
	}
	return r, nil
}

var (
	modelName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$`)
	aliasName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
)

// CheckName reports a [*NameError] for what cannot name a model: 1 to 100
// letters, digits, dots, dashes and underscores, of which the first is a letter
// or digit and the last no dot.
func CheckName(name string) error {
	if !modelName.MatchString(name) {
		return &NameError{Name: name, Kind: "model name",
			Problem: "has 1 to 100 letters, digits, dots, dashes and underscores, begins with a letter or digit and does not end in a dot"}
	}
	return nil
}

// CheckAlias reports a [*NameError] for what cannot be an alias to be moved: 1 to
// 64 letters, digits, dashes and underscores, of which the first is a letter, and
// not "latest".
func CheckAlias(alias string) error {
	if err := checkAliasName(alias); err != nil {
		return err
	}
	if strings.EqualFold(alias, Latest) {
		return &NameError{Name: alias, Kind: "alias", Problem: "is given by somebody; " + Latest + " always is the newest version"}
	}
	return nil
}

func checkAliasName(alias string) error {
	if !aliasName.MatchString(alias) {
		return &NameError{Name: alias, Kind: "alias",
			Problem: "has 1 to 64 letters, digits, dashes and underscores and begins with a letter"}
	}
	return nil
}
