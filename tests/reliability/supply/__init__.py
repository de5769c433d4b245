"""What is installed is what was locked: packages, jars, and the bill of materials that names them."""
