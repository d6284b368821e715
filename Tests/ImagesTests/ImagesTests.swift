// The specification of Images.
