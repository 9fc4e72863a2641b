package master

import "google.golang.org/grpc"

// Routes returns all that a server of the master has.
func (m *Master) Routes() map[string]grpc.ServiceInfo {
	s, _ := m.server()
	defer s.Stop()
	return s.GetServiceInfo()
}
