package transport

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const unixScheme = "unix:"

// IsLoopback tells whether an address can only be reached from this host: a
// Unix socket, an address of the loopback network or the name localhost, with
// or without a port.
func IsLoopback(addr string) bool {
	if strings.HasPrefix(addr, unixScheme) {
		return true
	}
	host := addr
	if h, _, err := net.SplitHostPort(addr); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// checkAddress refuses what cannot be dialled, before gRPC guesses at it.
func checkAddress(addr string) error {
	switch {
	case addr == "":
		return fmt.Errorf("no address of a master was given; use host:port or unix:///path")
	case strings.HasPrefix(addr, unixScheme):
		if path := strings.TrimPrefix(strings.TrimPrefix(addr, unixScheme), "//"); path == "" {
			return fmt.Errorf("master address %q names no socket; use unix:///path", addr)
		}
		return nil
	case strings.Contains(addr, "://"):
		return fmt.Errorf("master address %q has a scheme; use host:port or unix:///path", addr)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("master address %q is not host:port (for example %s): %w", addr, net.JoinHostPort(strings.Trim(addr, "[]"), "7070"), err)
	}
	if host == "" {
		return fmt.Errorf("master address %q names no host; use host:port", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("master address %q: the port must be a number from 1 to 65535", addr)
	}
	return nil
}
