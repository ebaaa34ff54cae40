# Boiling point in degrees Celsius.
BEGIN { FS = "," }
/^#/ { next }
{ printf "%s,%.1f\n", $1, $3 - 273.15 }
