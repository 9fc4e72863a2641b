package artifacts

import (
	"fmt"
	"strings"
)

// Scheme begins every artifact's URL.
const Scheme = "artifact://"

// digestLength is the length of a SHA-256 in hexadecimal.
const digestLength = 64

// MaxNameBytes bounds the name in an artifact's URL.
const MaxNameBytes = 128

// archiveEnding ends the name of an artifact that is a directory.
const archiveEnding = ".tar"

// URLError says why a text is not an artifact's URL.
type URLError struct {
	URL    string // the text
	Reason string // what is wrong with it
}

// Error names the text and what is wrong with it.
func (e *URLError) Error() string {
	url := e.URL
	if len(url) > 200 {
		url = url[:200] + "…"
	}
	return fmt.Sprintf("%q is not an artifact's URL (artifact://<sha256>/<name>): %s", url, e.Reason)
}

// IsURL reports whether a location claims to be an artifact's URL; [ParseURL]
// tells whether it is one.
func IsURL(location string) bool { return strings.HasPrefix(location, Scheme) }

// FormatURL returns the URL of the artifact with this digest. Whatever is not a
// letter, digit, dot, dash or underscore in name becomes an underscore, leading
// dots as well; too long a name loses its beginning, so that its ending stays.
func FormatURL(digest, name string) string {
	return Scheme + digest + "/" + safeName(name)
}

// ParseURL takes an artifact's URL apart. A text of any other form gives a
// [*URLError]; a digest and name that are returned are safe as file names.
func ParseURL(url string) (digest, name string, err error) {
	rest, ok := strings.CutPrefix(url, Scheme)
	if !ok {
		return "", "", &URLError{URL: url, Reason: "it does not begin with " + Scheme}
	}
	digest, name, ok = strings.Cut(rest, "/")
	if !ok {
		return "", "", &URLError{URL: url, Reason: "it has no name after the digest"}
	}
	if !validDigest(digest) {
		return "", "", &URLError{URL: url, Reason: "the digest is not 64 lower-case hexadecimal digits"}
	}
	switch {
	case name == "":
		return "", "", &URLError{URL: url, Reason: "its name is empty"}
	case len(name) > MaxNameBytes:
		return "", "", &URLError{URL: url, Reason: fmt.Sprintf("its name is longer than %d bytes", MaxNameBytes)}
	case name != safeName(name):
		return "", "", &URLError{URL: url, Reason: "its name has characters other than letters, digits, dot, dash and underscore, or begins with a dot"}
	}
	return digest, name, nil
}

func validDigest(digest string) bool {
	return len(digest) == digestLength && strings.Trim(digest, "0123456789abcdef") == ""
}

// safeName makes any text a plain file name of the characters that ParseURL
// admits.
func safeName(name string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, name)
	if len(safe) > MaxNameBytes {
		safe = safe[len(safe)-MaxNameBytes:]
	}
	undotted := strings.TrimLeft(safe, ".")
	safe = strings.Repeat("_", len(safe)-len(undotted)) + undotted
	if safe == "" {
		return "artifact"
	}
	return safe
}
