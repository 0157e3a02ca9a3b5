package cifar

import "strings"

// Label is what the pictures are labelled with: a task.
type Label struct {
	Name    string
	Classes []string
}

// Format is one of the two data sets.
type Format struct {
	Name string
	// Labels are the label bytes of a record, in order.
	Labels []Label
	// TrainFiles and TestFiles are the files of the binary version; each has TrainCount or TestCount
	// records.
	TrainFiles, TestFiles []string
	TrainCount, TestCount int

	coarse []int // the coarse class of each fine class; nil without
}

// CIFAR10 has 60,000 pictures of 10 classes.
var CIFAR10 = Format{
	Name: "CIFAR-10",
	Labels: []Label{{"class",
		strings.Fields("airplane automobile bird cat deer dog frog horse ship truck")}},
	TrainFiles: []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
		"data_batch_4.bin", "data_batch_5.bin"},
	TestFiles:  []string{"test_batch.bin"},
	TrainCount: 10000, TestCount: 10000,
}

// CIFAR100 has 60,000 pictures of 100 classes in 20 groups.
var CIFAR100 = Format{
	Name: "CIFAR-100",
	Labels: []Label{
		{"coarse", strings.Fields(`
			aquatic_mammals fish flowers food_containers fruit_and_vegetables
			household_electrical_devices household_furniture insects large_carnivores
			large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores
			medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1
			vehicles_2`)},
		{"fine", strings.Fields(`
			apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
			butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
			crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house
			kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
			mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
			plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark
			shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
			tank telephone television tiger tractor train trout tulip turtle wardrobe whale
			willow_tree wolf woman worm`)},
	},
	TrainFiles: []string{"train.bin"}, TestFiles: []string{"test.bin"},
	TrainCount: 50000, TestCount: 10000,
	coarse: []int{
		4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11, 6, 11, 5, 10, 7, 6, 13, 15, 3,
		15, 0, 11, 1, 10, 12, 14, 16, 9, 11, 5, 5, 19, 8, 8, 15, 13, 14, 17, 18, 10,
		16, 4, 17, 4, 2, 0, 17, 4, 18, 17, 10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13,
		15, 13, 16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13,
	},
}
