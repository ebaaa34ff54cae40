# Fits <x^2> = 2 D t through the origin by least squares. Theory: D = 1/2 in steps^2 per step.
BEGIN { FS = "," }
FNR > 1 { product += $1 * $2; square += $1 * $1 }
END { printf "D = %.3f (theory: 0.500)\n", product / square / 2 }
