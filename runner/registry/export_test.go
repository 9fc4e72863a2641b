package registry

// Recode reads model.json of a model and writes it again.
func Recode(data []byte, name string) ([]byte, error) {
	d, err := decode(data, name)
	if err != nil {
		return nil, err
	}
	return d.encode()
}
