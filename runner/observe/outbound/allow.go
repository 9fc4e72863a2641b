package outbound

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Anywhere are the prefixes that allow every endpoint.
var Anywhere = []string{"http://", "https://", "s3://"}

// ForbiddenError says that an endpoint is not among those allowed.
type ForbiddenError struct {
	Endpoint string // scheme and host
}

// Error tells how to allow it.
func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("%s is not allowed here; the operator allows it with --allow-url %s/", e.Endpoint, e.Endpoint)
}

// CheckPrefix tells what is wrong with a prefix that an operator gives.
func CheckPrefix(prefix string) error {
	u, err := url.Parse(prefix)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no URL", prefix)
	case !slices.Contains(Anywhere, u.Scheme+"://"):
		return fmt.Errorf("%q must begin with one of %s", prefix, strings.Join(Anywhere, ", "))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q must be scheme, host and path only", u.Redacted())
	}
	return nil
}

// allows reports whether an address begins with a prefix: the same scheme, the
// same host and port unless the prefix has none, and a path beneath the prefix's.
func allows(prefix string, u *url.URL) bool {
	p, err := url.Parse(prefix)
	if err != nil || CheckPrefix(prefix) != nil || p.Scheme != u.Scheme || p.Host != "" && !strings.EqualFold(hostPort(p), hostPort(u)) {
		return false
	}
	// A path that climbs is judged by where it leads, as the server will.
	base, to := path.Clean("/"+p.Path), path.Clean("/"+u.Path)
	return base == "/" || to == base || strings.HasPrefix(to, base+"/")
}

func hostPort(u *url.URL) string {
	switch {
	case u.Port() != "" || u.Scheme == "s3": // whose host is a bucket
		return u.Host
	case u.Scheme == "https":
		return u.Host + ":443"
	}
	return u.Host + ":80"
}

// parse reads an address that is to be called.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil: // whose text holds the address
		return nil, fmt.Errorf("the address is no URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the address must begin with http:// or https://")
	case u.Host == "":
		return nil, fmt.Errorf("the address has no host")
	case u.User != nil:
		return nil, fmt.Errorf("the address holds a user name; give the header Authorization instead")
	}
	return u, nil
}

// endpoint is what may be told of an address.
func endpoint(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Allow returns a judge of addresses: nil for those that begin with one of the
// prefixes, else a [*ForbiddenError].
func Allow(prefixes []string) func(u *url.URL) error {
	return func(u *url.URL) error {
		for _, prefix := range prefixes {
			if allows(prefix, u) {
				return nil
			}
		}
		return &ForbiddenError{Endpoint: endpoint(u)}
	}
}
