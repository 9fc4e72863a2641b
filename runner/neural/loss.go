package neural

import "math"

// link turns the last layer's sums into predictions.
type link int

const (
	linkIdentity link = iota // squared_error
	linkExp                  // poisson
	linkLogistic             // log_loss of two classes: the share of class 1
	linkSoftmax              // log_loss of more: the share of each class
)

// linkOf gives the link and the number of outputs of a loss.
func linkOf(loss string, classes int) (link, int) {
	switch {
	case loss == Poisson:
		return linkExp, 1
	case loss == LogLoss && classes == 2:
		return linkLogistic, 1
	case loss == LogLoss:
		return linkSoftmax, classes
	}
	return linkIdentity, 1
}

// predict turns a tile's sums (rows × outputs) into predictions, in place.
func (k link) predict(z []float64, outputs int) {
	switch k {
	case linkExp:
		for i, v := range z {
			z[i] = math.Exp(v)
		}
	case linkLogistic:
		for i, v := range z {
			z[i] = logistic(v)
		}
	case linkSoftmax:
		for ; len(z) > 0; z = z[outputs:] {
			softmax(z[:outputs])
		}
	}
}

func softmax(z []float64) {
	top := z[0]
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range z {
		z[i] = math.Exp(v - top)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
}

// machineEpsilon keeps the logarithm of a share finite, as scikit-learn does.
const machineEpsilon = 0x1p-52

// of is the loss of a row's predictions.
func (k link) of(prediction []float64, target float64) float64 {
	clipped := func(share float64) float64 { return min(max(share, machineEpsilon), 1-machineEpsilon) }
	switch k {
	case linkExp:
		p := prediction[0]
		loss := p - target
		if target != 0 {
			loss += target * math.Log(target/p)
		}
		return loss
	case linkLogistic:
		p := clipped(prediction[0])
		if target == 0 {
			p = 1 - p
		}
		return -math.Log(p)
	case linkSoftmax:
		return -math.Log(clipped(prediction[int(target)]))
	}
	d := target - prediction[0]
	return 0.5 * d * d
}

// toDelta turns a row's predictions into the gradient of its weighted loss with
// respect to the last layer's sums.
func (k link) toDelta(prediction []float64, target, weight float64) {
	if k == linkSoftmax {
		prediction[int(target)]--
	} else {
		prediction[0] -= target
	}
	for i := range prediction {
		prediction[i] *= weight
	}
}
