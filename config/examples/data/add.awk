# The sum of the first column of all files.
{ sum += $1; numbers++ }
END { printf "%.12f from %d parts\n", sum, numbers }
