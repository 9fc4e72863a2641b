package outbound

import (
	"fmt"
	"strings"
)

// SecretPrefix begins the names of environment variables that a configuration may
// name, so that it cannot send any other out.
const SecretPrefix = "MLOPS_SECRET_"

// CheckSecret tells what is wrong with the name of an environment variable in a
// configuration.
func CheckSecret(name string) error {
	if rest, ok := strings.CutPrefix(name, SecretPrefix); !ok || rest == "" || strings.ContainsAny(name, "= \t\n") {
		return fmt.Errorf("%q is no name of an environment variable for a secret; such names begin with %s", name, SecretPrefix)
	}
	return nil
}

// CheckAddress tells what is wrong with an address that stands in a configuration.
func CheckAddress(address string) error {
	_, err := parse(address)
	return err
}

// secret reads an environment variable.
func (s *Sender) secret(name string) (string, error) {
	if err := CheckSecret(name); err != nil {
		return "", err
	}
	value := strings.TrimSpace(s.getenv(name))
	if value == "" {
		return "", fmt.Errorf("the environment variable %s is not set where this runs", name)
	}
	return value, nil
}

// scrub takes secrets out of a text.
func scrub(text string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}
